"""Draws the letters of captions: one cell of 7x14 pixels for each, 32 cells a row, white on black. Needs Pillow and DejaVu Sans Mono (fonts-dejavu-core).

Run: /usr/bin/python3 build/make_caption_font.py. The letters are those of CaptionText.cs, in the same order."""
import pathlib

from PIL import Image, ImageDraw, ImageFont

WIDTH, HEIGHT, PER_ROW = 7, 14, 32
RANGES = [(0xFFFD, 0xFFFD), (0x20, 0x24F), (0x370, 0x3FF), (0x400, 0x4FF), (0x2013, 0x2026), (0x2713, 0x2717)]
font = ImageFont.truetype("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf", 11)
letters = [chr(code) for first, last in RANGES for code in range(first, last + 1)]
sheet = Image.new("L", (WIDTH * PER_ROW, HEIGHT * -(-len(letters) // PER_ROW)))
for i, letter in enumerate(letters):
    cell = Image.new("L", (WIDTH, HEIGHT))
    ImageDraw.Draw(cell).text((0, 11), letter, fill=255, font=font, anchor="ls")
    sheet.paste(cell, (WIDTH * (i % PER_ROW), HEIGHT * (i // PER_ROW)))
folder = pathlib.Path(__file__).parent.parent / "src/Microsoft.ML.FeatureMining/Explanation"
sheet.save(folder / "caption-font.png", optimize=True)
