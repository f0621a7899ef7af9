namespace MlNet.Behaviour.Tests;

/// <summary>What ML.NET itself gives.</summary>
internal static class Expected
{
    public static readonly int[] SplitSeedOfContext1 = [2, 12, 13, 28];
    public static readonly int[] SplitSeed7 = [3, 16, 17, 19, 22];
    public static readonly int[] SplitNoSeed = [5, 6, 18, 28];
    public static readonly int[] SecondFoldOf4 = [3, 9, 14, 15, 17, 18, 19, 21, 25, 31, 39, 41, 42, 49, 51, 57, 62, 79, 80, 94];
    public static readonly int[] FirstHost42 = [607, 84, 25, 345];
    public static readonly int[] SecondHost42 = [837, 690, 259, 214];
    public static readonly double[] SeededHost7 = [0.6706791629549116, 0.6253833745140582, 0.8381280666217208, 0.19385020527988672];

    public static readonly string[] TableOfNumbers =
    [
        "",
        "Confusion table",
        "          ||========================",
        "PREDICTED ||     0 |     1 |     2 | Recall",
        "TRUTH     ||========================",
        "        0 ||     1 |     1 |     0 | 0.5000",
        "        1 ||     0 |     1 |     0 | 1.0000",
        "        2 ||     1 |     0 |     1 | 0.5000",
        "          ||========================",
        "Precision ||0.5000 |0.5000 |1.0000 |",
        "",
    ];

    public static readonly string[] TableOfShortNames =
    [
        "",
        "Confusion table",
        "          ||========================",
        "PREDICTED ||   cat |   dog |   hen | Recall",
        "TRUTH     ||========================",
        "      cat ||     1 |     1 |     0 | 0.5000",
        "      dog ||     0 |     1 |     0 | 1.0000",
        "      hen ||     1 |     0 |     1 | 0.5000",
        "          ||========================",
        "Precision ||0.5000 |0.5000 |1.0000 |",
        "",
    ];

    public static readonly string[] TableOfLongNames =
    [
        "",
        "Confusion table",
        "                    ||========================",
        "PREDICTED           ||     0 |     1 |     2 | Recall",
        "TRUTH               ||========================",
        "0. Laysan albatross ||     1 |     1 |     0 | 0.5000",
        "1.              dog ||     0 |     1 |     0 | 1.0000",
        "2.                a ||     1 |     0 |     1 | 0.5000",
        "                    ||========================",
        "Precision           ||0.5000 |0.5000 |1.0000 |",
        "",
    ];

    public static readonly string[] TableOfTwo =
    [
        "",
        "Confusion table",
        "          ||======================",
        "PREDICTED ||        0 |        1 | Recall",
        "TRUTH     ||======================",
        "        0 ||        1 |        0 | 1.0000",
        "        1 ||        1 |        1 | 0.5000",
        "          ||======================",
        "Precision ||   0.5000 |   1.0000 |",
        "",
    ];
}
