using System.Text;
using Microsoft.ML.FeatureMining.Models;

namespace Fuzz.Targets;

/// <summary>The manifest of a model, of all formats.</summary>
internal sealed class ManifestTarget : FuzzTarget
{
    public override string Name => "manifest";

    public override IEnumerable<byte[]> Seeds() => Goldens.ModelEntries("manifest.json");

    protected override void Read(byte[] input) => ModelManifest.FromJson(Encoding.UTF8.GetString(input));
}
