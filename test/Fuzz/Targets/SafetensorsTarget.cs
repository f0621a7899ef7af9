using Microsoft.ML.FeatureMining.Networks.Weights;

namespace Fuzz.Targets;

/// <summary>Weights in safetensors.</summary>
internal sealed class SafetensorsTarget : FuzzTarget
{
    public override string Name => "safetensors";

    public override IEnumerable<byte[]> Seeds() => [File.ReadAllBytes(Path.Combine(Goldens.Folder("safetensors"), "types.safetensors"))];

    protected override void Read(byte[] input) => Safetensors.Read(new MemoryStream(input));
}
