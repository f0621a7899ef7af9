using Microsoft.ML.FeatureMining.Networks.Heads;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>The heads for conformance tests: those in the catalog by key, and some with other settings.</summary>
internal static class HeadSettings
{
    private static readonly Dictionary<string, Head> Named = new()
    {
        ["ssm, individual losses"] = new SplitAndShareHead { IndividualLosses = true },
        ["ssm, all normalized"] = new SplitAndShareHead { NormalizeAll = true },
        ["ssm, 3, both"] = new SplitAndShareHead
        {
            Splits = 3,
            IndividualLosses = true,
            NormalizeAll = true,
        },
        ["ssm, 3, equal parts"] = new SplitAndShareHead { Splits = 3, EqualParts = true },
        ["ssm, 2"] = new SplitAndShareHead { Splits = 2 },
        ["ssm, 8"] = new SplitAndShareHead { Splits = 8 },
        ["parallel, 3"] = new ParallelHead { Layers = 3 },
        ["linear, dropout"] = new LinearHead { Dropout = 0.2 },
        ["linear, dual pool"] = new LinearHead { DualPool = true },
        ["linear, dual pool, dropout"] = new LinearHead { DualPool = true, Dropout = 0.5 },
        ["multi-stage, 3"] = new MultiStageHead { Stages = 3 },
        ["multi-stage, dropout"] = new MultiStageHead { Dropout = 0.5 },
        ["vgg-patches, 256"] = new VggPatchHead { HiddenUnits = 256 },
    };

    public static IEnumerable<string> Others => Named.Keys;

    public static Head Create(string name) => Named.TryGetValue(name, out Head? head) ? head : HeadCatalog.Create(name);
}
