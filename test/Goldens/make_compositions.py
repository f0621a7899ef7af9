"""Writes src/Microsoft.ML.FeatureMining/Files/Compositions.cs: Unicode's pairs of a letter and a mark that make one letter."""

import pathlib
import unicodedata

TARGET = pathlib.Path(__file__).parents[2] / "src/Microsoft.ML.FeatureMining/Files/Compositions.cs"
PER_LINE = 8


def pairs():
    for code in range(0x10000):
        parts = unicodedata.decomposition(chr(code)).split()
        if len(parts) == 2 and not parts[0].startswith("<"):
            letter, mark = (chr(int(part, 16)) for part in parts)
            # Not those that Unicode excludes from composition.
            if unicodedata.normalize("NFC", letter + mark) == chr(code):
                yield letter, mark, chr(code)


def main():
    triples = ["".join(f"\\u{ord(c):04X}" for c in triple) for triple in pairs()]
    lines = ["".join(triples[i : i + PER_LINE]) for i in range(0, len(triples), PER_LINE)]
    body = "\n            + ".join(f'"{line}"' for line in lines)
    TARGET.write_text(
        f"""namespace Microsoft.ML.FeatureMining.Files;

/// <summary>Written by test/Goldens/make_compositions.py from Unicode {unicodedata.unidata_version}.</summary>
internal static class Compositions
{{
    /// <summary>Triples: a letter, a mark, and the letter that they make. Without Hangul, which follows a formula.</summary>
    public const string Triples =
        {body};
}}
""",
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
