#!/usr/bin/env python3
"""Writes images/ and resize/: small image files of every kind, and Pillow's results for them.

images/NAME.EXT      the file
images/NAME.EXT.rgb  ImageOps.exif_transpose(im).convert("RGB"): width and height (little-endian int32), then the rows; for 16-bit gray the high byte (Pillow would clip at 255)
resize/*.rgb, *.l    a source, Pillow's bilinear and bicubic resizes of it, and torchvision's Resize + CenterCrop
scaled/*             JPEGs, and the results of Pillow's draft mode (libjpeg's scaled transforms) at a half, a quarter and an eighth
huge/*.jpg           100 megapixels in a few kilobytes; each half has one color

Needs Pillow, torchvision and, for arithmetic coding, a C compiler and libjpeg's headers; the committed files come from Pillow 9.4.0 (libjpeg-turbo 2.1.5, libwebp 1.2.4) and torchvision 0.14.1.
"""
import io
import struct
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps
from torchvision.transforms import functional as tv

WIDTH, HEIGHT = 21, 14
HERE = Path(__file__).resolve().parent


def scene(width=WIDTH, height=HEIGHT, seed=1):
    """Smooth colors, a hard edge and some noise, which codecs treat differently. Nothing is symmetric, so that every rotation is visible."""
    y, x = np.mgrid[0:height, 0:width]
    image = np.stack([255 * x / width, 255 * y / height, 255 * (x + 2 * y) / (width + 2 * height)], axis=-1)
    image[: height // 3, : width // 2] = [230, 40, 10]
    image += np.random.RandomState(seed).uniform(-12, 12, image.shape)
    return np.clip(image, 0, 255).astype(np.uint8)


RGB = scene()
ALPHA = (np.arange(WIDTH * HEIGHT).reshape(HEIGHT, WIDTH, 1) * 7 % 256).astype(np.uint8)
RGBA = np.concatenate([RGB, ALPHA], axis=-1)
GRAY = np.asarray(Image.fromarray(RGB).convert("L"))
INDICES = (np.arange(WIDTH * HEIGHT).reshape(HEIGHT, WIDTH) // 3 % 16).astype(np.uint8)
PALETTE = bytes(np.random.RandomState(2).randint(0, 256, 48).astype(np.uint8))


def exif(orientation, endian="<", kind=3, count=1):
    value = struct.pack(endian + ("HH" if kind == 3 else "I"), *((orientation, 0) if kind == 3 else (orientation,)))
    head = (b"II*\0" if endian == "<" else b"MM\0*") + struct.pack(endian + "I", 8)
    return head + struct.pack(endian + "HHHI", 1, 0x0112, kind, count) + value + bytes(4)


def saved(image, format, **options):
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def without(jpeg, marker):
    """The JPEG without its segments with this marker."""
    out, at = bytearray(jpeg[:2]), 2
    while jpeg[at + 1] != 0xDA:
        end = at + 2 + struct.unpack(">H", jpeg[at + 2 : at + 4])[0]
        if jpeg[at + 1] != marker:
            out += jpeg[at:end]
        at = end
    return bytes(out + jpeg[at:])


def arithmetic(jpeg, *options):
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "arithmetic"
        subprocess.run(["cc", "-o", program, HERE / "arithmetic.c", "-ljpeg"], check=True)
        return subprocess.run([program, *options], input=jpeg, stdout=subprocess.PIPE, check=True).stdout


def jpegs():
    image = Image.fromarray(RGB)
    plain = saved(image, "JPEG", quality=90, subsampling="4:4:4")
    yield "arithmetic-full-chroma.jpg", arithmetic(plain)
    yield "arithmetic-progressive-full-chroma.jpg", arithmetic(plain, "-progressive")
    yield "arithmetic-gray.jpg", arithmetic(saved(Image.fromarray(GRAY), "JPEG", quality=90))
    yield "arithmetic.jpg", arithmetic(saved(image, "JPEG", quality=75, subsampling="4:2:0"))
    yield "baseline.jpg", saved(image, "JPEG", quality=90)
    yield "subsampled.jpg", saved(image, "JPEG", quality=75, subsampling="4:2:0")
    yield "full-chroma.jpg", saved(image, "JPEG", quality=75, subsampling="4:4:4")
    yield "progressive.jpg", saved(image, "JPEG", quality=85, progressive=True)
    yield "gray.jpg", saved(Image.fromarray(GRAY), "JPEG", quality=90)
    yield "gray-progressive.jpg", saved(Image.fromarray(GRAY), "JPEG", quality=90, progressive=True)
    yield "one-pixel.jpg", saved(image.crop((0, 0, 1, 1)), "JPEG")
    adobe_rgb = b"\xff\xee" + struct.pack(">H", 14) + b"Adobe" + struct.pack(">HHHB", 100, 0, 0, 0)
    yield "adobe-rgb.jpg", b"\xff\xd8" + adobe_rgb + without(saved(image, "JPEG", quality=90, subsampling=0), 0xE0)[2:]
    cmyk = saved(image.convert("CMYK"), "JPEG", quality=95)
    assert cmyk.count(b"Adobe") == 1
    yield "cmyk.jpg", cmyk
    yield "cmyk-no-adobe.jpg", without(cmyk, 0xEE)
    transform = cmyk.index(b"Adobe") + 11
    yield "ycck.jpg", cmyk[:transform] + b"\2" + cmyk[transform + 1 :]
    for orientation in range(10):
        yield f"orientation-{orientation}.jpg", saved(image, "JPEG", quality=90, exif=b"Exif\0\0" + exif(orientation))
    yield "orientation-big-endian.jpg", saved(image, "JPEG", quality=90, exif=b"Exif\0\0" + exif(6, ">"))
    yield "orientation-long.jpg", saved(image, "JPEG", quality=90, exif=b"Exif\0\0" + exif(8, kind=4))
    yield "orientation-gray.jpg", saved(Image.fromarray(GRAY), "JPEG", quality=90, exif=b"Exif\0\0" + exif(5))
    yield "wrong-extension.png", saved(image, "JPEG", quality=90)


ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def png(samples, kind, depth, interlaced=False, palette=None, transparent=None, exif_before=None, exif_after=None):
    """samples: [H, W, C] integers below 2**depth."""

    def rows(part):
        out = bytearray()
        for row in part:
            if depth == 16:
                out += b"\0" + row.astype(">u2").tobytes()
            else:
                bits = "".join(format(int(v), f"0{depth}b") for v in row.reshape(-1))
                bits += "0" * (-len(bits) % 8)
                out += b"\0" + bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
        return bytes(out)

    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    height, width = samples.shape[:2]
    parts = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7] if interlaced else [samples]
    out = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced)))
    for name, data in ((b"PLTE", palette), (b"tRNS", transparent), (b"eXIf", exif_before)):
        out += chunk(name, data) if data else b""
    out += chunk(b"IDAT", zlib.compress(b"".join(rows(p) for p in parts if p.size)))
    return out + (chunk(b"eXIf", exif_after) if exif_after else b"") + chunk(b"IEND", b"")


def pngs():
    gray16 = (GRAY.astype(np.uint16) * 3)[..., None]  # below and above 255
    deep = lambda image: image.astype(np.uint16) * 257 - image % 3
    for depth in (1, 2, 4, 8):
        yield f"gray-{depth}.png", png(GRAY[..., None] >> (8 - depth), 0, depth)
        yield f"palette-{depth}.png", png((INDICES % min(16, 2**depth))[..., None], 3, depth, palette=PALETTE[: 3 * min(16, 2**depth)])
    yield "gray-16.png", png(gray16, 0, 16)
    yield "gray-transparent.png", png(GRAY[..., None], 0, 8, transparent=struct.pack(">H", int(GRAY[0, 0])))
    yield "gray-16-transparent.png", png(gray16, 0, 16, transparent=struct.pack(">H", int(gray16[0, 0, 0])))
    yield "gray-alpha.png", png(np.concatenate([GRAY[..., None], ALPHA], -1), 4, 8)
    yield "gray-alpha-16.png", png(deep(np.concatenate([GRAY[..., None], ALPHA], -1)), 4, 16)
    yield "rgb.png", png(RGB, 2, 8)
    yield "rgb-16.png", png(deep(RGB), 2, 16)
    yield "rgb-transparent.png", png(RGB, 2, 8, transparent=struct.pack(">HHH", *map(int, RGB[3, 3])))
    yield "rgba.png", png(RGBA, 6, 8)
    yield "rgba-16.png", png(deep(RGBA), 6, 16)
    yield "palette-transparent.png", png(INDICES[..., None], 3, 4, palette=PALETTE, transparent=bytes([0, 128, 255, 7]))
    yield "palette-out-of-range.png", png((INDICES * 9)[..., None], 3, 8, palette=PALETTE)
    yield "filtered.png", saved(Image.fromarray(RGB), "PNG", optimize=True)
    yield "one-pixel.png", png(RGB[:1, :1], 2, 8)
    for name, samples, kind, depth in (("gray-1", GRAY[..., None] >> 7, 0, 1), ("rgb-8", RGB, 2, 8), ("rgba-16", deep(RGBA), 6, 16), ("gray-16", gray16, 0, 16)):
        yield f"interlaced-{name}.png", png(samples, kind, depth, interlaced=True)
    yield "interlaced-one-pixel.png", png(RGB[:1, :1], 2, 8, interlaced=True)
    yield "orientation-6.png", png(RGB, 2, 8, exif_before=exif(6))
    yield "orientation-behind.png", png(RGB, 2, 8, exif_after=exif(7, ">"))
    for depth in (1, 2, 4, 8):
        yield f"interlaced-palette-{depth}.png", png((INDICES % min(16, 2**depth))[..., None], 3, depth, interlaced=True, palette=PALETTE[: 3 * min(16, 2**depth)])
    whole = png(RGB, 2, 8)
    yield "missing-end-chunk.png", whole[:-12]


def bmp(width, height, bits, pixels, palette=b"", compression=0, header=40, masks=b"", top_down=False):
    if header == 12:
        info = struct.pack("<IHHHH", 12, width, height, 1, bits)
    else:
        colors = len(palette) // 4
        info = struct.pack("<IiiHHIIiiII", header, width, -height if top_down else height, 1, bits, compression, len(pixels), 2835, 2835, colors, 0)
        if header > 40:
            info = (info + masks).ljust(header, b"\0")
            masks = b""
    offset = 14 + len(info) + len(masks) + len(palette)
    return b"BM" + struct.pack("<IHHI", offset + len(pixels), 0, 0, offset) + info + masks + palette + pixels


def bmp_rows(indices_or_bytes, bits):
    rows = []
    for row in indices_or_bytes[::-1]:
        data = row.tobytes()
        if bits < 8:
            text = "".join(format(int(v), f"0{bits}b") for v in row)
            text += "0" * (-len(text) % 8)
            data = bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8))
        rows.append(data + bytes(-len(data) % 4))
    return b"".join(rows)


def runs8(indices):
    """Runs of three, a literal run at the start of every row, an end-of-line code, and an end-of-bitmap code."""
    out = bytearray()
    for row in indices[::-1]:
        out += bytes([0, 5]) + bytes(row[:5]) + b"\0"
        for x in range(5, len(row), 3):
            out += bytes([min(3, len(row) - x), row[x]])
        out += bytes([0, 0])
    return bytes(out[:-2]) + b"\0\1"


def runs4(indices):
    out = bytearray()
    for row in indices[::-1]:
        out += bytes([0, 4, row[0] << 4 | row[1], row[2] << 4 | row[3]])
        for x in range(4, len(row), 5):
            out += bytes([min(5, len(row) - x), row[x] << 4 | row[min(x + 1, len(row) - 1)]])
        out += bytes([0, 0])
    return bytes(out[:-2]) + b"\0\1"


def bmps():
    colors4 = b"".join(PALETTE[3 * i : 3 * i + 3] + b"\0" for i in range(16))
    size = (WIDTH, HEIGHT)
    five = (RGB >> 3).astype(np.uint16)
    x555 = five[..., 0] << 10 | five[..., 1] << 5 | five[..., 2]
    x565 = five[..., 0] << 11 | (RGB[..., 1] >> 2).astype(np.uint16) << 5 | five[..., 2]
    bgr, bgra = RGB[..., ::-1], RGBA[..., [2, 1, 0, 3]]
    yield "palette-1.bmp", bmp(*size, 1, bmp_rows(INDICES % 2, 1), colors4[:8])
    yield "black-white.bmp", saved(Image.fromarray(GRAY > 120), "BMP")
    yield "palette-4.bmp", bmp(*size, 4, bmp_rows(INDICES, 4), colors4)
    yield "palette-8.bmp", bmp(*size, 8, bmp_rows(INDICES, 8), colors4)
    yield "gray-8.bmp", saved(Image.fromarray(GRAY), "BMP")
    yield "rgb-16.bmp", bmp(*size, 16, bmp_rows(x555, 16))
    yield "rgb-565.bmp", bmp(*size, 16, bmp_rows(x565, 16), compression=3, masks=struct.pack("<III", 0xF800, 0x7E0, 0x1F))
    yield "rgb-24.bmp", bmp(*size, 24, bmp_rows(bgr, 24))
    yield "rgb-24-top-down.bmp", bmp(*size, 24, bmp_rows(bgr[::-1], 24), top_down=True)
    yield "rgb-32.bmp", bmp(*size, 32, bmp_rows(bgra, 32))
    yield "rgba-v4.bmp", bmp(*size, 32, bmp_rows(bgra, 32), compression=3, header=108, masks=struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000))
    yield "rgba-v5.bmp", bmp(*size, 32, bmp_rows(RGBA, 32), compression=3, header=124, masks=struct.pack("<IIII", 0xFF, 0xFF00, 0xFF0000, 0xFF000000))
    yield "one-pixel.bmp", bmp(1, 1, 24, bmp_rows(bgr[:1, :1], 24))
    yield "os2.bmp", bmp(*size, 24, bmp_rows(bgr, 24), header=12)
    yield "os2-palette.bmp", bmp(*size, 8, bmp_rows(INDICES, 8), PALETTE + bytes(range(48, 256)) + bytes(3 * 256 - 48 - 208), header=12)
    yield "runs-8.bmp", bmp(*size, 8, runs8(INDICES), colors4, compression=1)
    yield "runs-4.bmp", bmp(*size, 4, runs4(INDICES), colors4, compression=2)


def gif(indices, screen=None, at=(0, 0), colors=PALETTE, local=None, transparent=None, interlaced=False, bits=4):
    """No dictionary codes: a clear code comes before the code width would grow."""
    height, width = indices.shape
    screen = screen or (width, height)
    rows = [y for start, step in ((0, 8), (4, 8), (2, 4), (1, 2)) for y in range(start, height, step)] if interlaced else range(height)
    codes, clear = [], 1 << bits
    for i, value in enumerate(indices[list(rows)].reshape(-1)):
        codes += [clear] if i % (clear - 2) == 0 else []
        codes.append(int(value))
    packed = sum(code << (bits + 1) * i for i, code in enumerate(codes + [clear + 1]))
    data = packed.to_bytes(((bits + 1) * (len(codes) + 1) + 7) // 8, "little")
    out = b"GIF89a" + struct.pack("<HHBBB", *screen, 0x80 | (bits - 1) if colors else 0, 0, 0) + (colors or b"")
    if transparent is not None:
        out += b"!\xf9\4" + struct.pack("<BHBB", 1, 0, transparent, 0)
    flags = (0x80 | (bits - 1) if local else 0) | (0x40 if interlaced else 0)
    out += b"," + struct.pack("<HHHHB", *at, width, height, flags) + (local or b"") + bytes([bits])
    for i in range(0, len(data), 255):
        out += bytes([len(data[i : i + 255])]) + data[i : i + 255]
    return out + b"\0;"


def gifs():
    image = Image.fromarray(RGB).quantize(64)
    frames = [Image.fromarray(scene(seed=s)).quantize(32) for s in (3, 4, 5)]
    local = bytes(reversed(PALETTE))
    ramp = b"".join(bytes([i, i, i]) for i in range(16))
    yield "palette.gif", saved(image, "GIF", interlace=0)
    yield "interlaced.gif", gif(INDICES, interlaced=True)
    yield "gray.gif", saved(Image.fromarray(GRAY), "GIF")
    yield "gray-ramp.gif", gif(INDICES, colors=ramp)
    yield "transparent.gif", gif(INDICES, transparent=5)
    yield "local-palette.gif", gif(INDICES, local=local)
    yield "only-local-palette.gif", gif(INDICES, colors=None, local=local)
    yield "no-palette.gif", gif(INDICES, colors=None)
    yield "frame-inside.gif", gif(INDICES, screen=(30, 20), at=(4, 3))
    yield "frame-inside-transparent.gif", gif(INDICES, screen=(30, 20), at=(4, 3), transparent=5)
    yield "frame-over-screen.gif", gif(INDICES, screen=(10, 10), at=(2, 1))
    yield "one-pixel.gif", gif(INDICES[3:4, 3:4])
    yield "animated.gif", saved(frames[0], "GIF", save_all=True, append_images=frames[1:], duration=50)


def webps():
    image, see_through = Image.fromarray(RGB), Image.fromarray(RGBA)
    yield "lossy.webp", saved(image, "WEBP", quality=80)
    yield "lossless.webp", saved(image, "WEBP", lossless=True)
    yield "one-pixel.webp", saved(image.crop((0, 0, 1, 1)), "WEBP", lossless=True)
    yield "lossless-alpha.webp", saved(see_through, "WEBP", lossless=True, exact=True)
    yield "lossy-alpha.webp", saved(see_through, "WEBP", quality=80)
    yield "orientation-6.webp", saved(image, "WEBP", lossless=True, exif=exif(6))
    yield "orientation-3-prefixed.webp", saved(image, "WEBP", lossless=True, exif=b"Exif\0\0" + exif(3))
    yield "animated.webp", saved(image, "WEBP", lossless=True, save_all=True, append_images=[Image.fromarray(scene(seed=9))], duration=50)


def write_rgb(path, image):
    image = image if image.mode == "L" else image.convert("RGB")
    path.write_bytes(struct.pack("<ii", *image.size) + image.tobytes())


def high_byte(image):
    """16-bit gray to 8-bit gray by the high byte, as Pillow reads 16-bit color; its convert("RGB") would clip at 255."""
    return Image.fromarray((np.asarray(image) >> 8).astype(np.uint8)) if image.mode.startswith("I") else image


def write_images(folder):
    for name, data in [*jpegs(), *pngs(), *bmps(), *gifs(), *webps()]:
        path = folder / name
        path.write_bytes(data)
        write_rgb(folder / (name + ".rgb"), high_byte(ImageOps.exif_transpose(Image.open(path))).convert("RGB"))


def write_resizes(folder):
    noise = np.random.RandomState(7).randint(0, 256, (37, 53, 3)).astype(np.uint8)
    for kind, source in (("noise", noise), ("scene", scene(53, 37))):
        image = Image.fromarray(source)
        write_rgb(folder / f"{kind}.rgb", image)
        for width, height in ((32, 32), (8, 8), (1, 1), (80, 60), (53, 11), (9, 37), (106, 5), (52, 36)):
            write_rgb(folder / f"{kind}-{width}x{height}.rgb", image.resize((width, height), Image.Resampling.BILINEAR))
            write_rgb(folder / f"bicubic-{kind}-{width}x{height}.rgb", image.resize((width, height), Image.Resampling.BICUBIC))
        write_rgb(folder / f"{kind}-gray.l", image.convert("L"))
        write_rgb(folder / f"{kind}-gray-16x16.l", image.convert("L").resize((16, 16), Image.Resampling.BILINEAR))
        write_rgb(folder / f"bicubic-{kind}-gray-16x16.l", image.convert("L").resize((16, 16), Image.Resampling.BICUBIC))
    for kind, source in (("landscape", scene(53, 37)), ("portrait", scene(37, 53)), ("square", scene(40, 40)), ("flat", scene(53, 3))):
        image = Image.fromarray(source)
        write_rgb(folder / f"crop-{kind}.rgb", image)
        for size in (16, 24, 45):
            resized = tv.resize(image, size, tv.InterpolationMode.BILINEAR)
            write_rgb(folder / f"crop-{kind}-{size}.rgb", tv.center_crop(resized, [size, size]))
        write_rgb(folder / f"crop-{kind}-24-of-28.rgb", tv.center_crop(tv.resize(image, 28, tv.InterpolationMode.BILINEAR), [24, 24]))
        write_rgb(folder / f"bicubic-crop-{kind}-24-of-28.rgb", tv.center_crop(tv.resize(image, 28, tv.InterpolationMode.BICUBIC), [24, 24]))


def write_scaled(folder):
    large = Image.fromarray(scene(203, 151))
    files = {
        "baseline.jpg": saved(large, "JPEG", quality=90),
        "gray.jpg": saved(large.convert("L"), "JPEG", quality=90),
        "progressive.jpg": saved(large, "JPEG", quality=80, progressive=True),
        "cmyk.jpg": saved(large.convert("CMYK"), "JPEG", quality=90),
        "turned.jpg": saved(Image.fromarray(scene(208, 152)), "JPEG", quality=90, exif=b"Exif\0\0" + exif(6)),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
        for denominator in (2, 4, 8):
            image = Image.open(io.BytesIO(data))
            width, height = image.size
            image.draft(None, (width // denominator, height // denominator))
            assert image.size == (-(-width // denominator), -(-height // denominator))
            write_rgb(folder / f"{name}-{denominator}.rgb", ImageOps.exif_transpose(image).convert("RGB"))
    image = Image.open(io.BytesIO(files["baseline.jpg"]))
    _, box = image.draft("RGB", (48, 48))
    assert image.size == (102, 76) and box == (0, 0, 101.5, 75.5)
    write_rgb(folder / "baseline-resized.rgb", image.resize((32, 24), Image.Resampling.BILINEAR, box=box))


def write_huge(folder):
    image = Image.new("RGB", (10000, 10000), (200, 60, 30))
    image.paste((20, 90, 220), (5000, 0, 10000, 10000))
    (folder / "arithmetic.jpg").write_bytes(arithmetic(saved(image, "JPEG")))


def main():
    for name, write in (("images", write_images), ("resize", write_resizes), ("scaled", write_scaled), ("huge", write_huge)):
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        write(folder)
        print(name, sum(1 for _ in folder.iterdir()), "files", sum(f.stat().st_size for f in folder.iterdir()), "bytes", file=sys.stderr)


if __name__ == "__main__":
    main()
