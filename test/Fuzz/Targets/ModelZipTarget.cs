using Microsoft.ML.FeatureMining.Models;

namespace Fuzz.Targets;

/// <summary>A model that ML.NET saved, read without the other steps of its pipeline.</summary>
internal sealed class ModelZipTarget() : FileTarget(".zip")
{
    public override string Name => "model-zip";

    public override IEnumerable<byte[]> Seeds() => [Goldens.SmallModelZip()];

    protected override void ReadFile(string path) => ModelZip.Read(path);
}
