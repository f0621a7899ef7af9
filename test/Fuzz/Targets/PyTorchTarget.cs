using Microsoft.ML.FeatureMining.Networks.Weights;
using static TorchSharp.torch;

namespace Fuzz.Targets;

/// <summary>A state_dict of PyTorch, in both formats, with the copy of its tensors into a network's.</summary>
internal sealed class PyTorchTarget() : FileTarget(".pth")
{
    private const long MaxCount = 1 << 16;

    public override string Name => "pytorch";

    public override IEnumerable<byte[]> Seeds() => Directory.EnumerateFiles(Goldens.Folder("pytorch"), "*.p*t*").Select(File.ReadAllBytes);

    protected override void ReadFile(string path)
    {
        using WeightFile weights = WeightFiles.Open(path, WeightFormats.Of(path));
        using IDisposable noGrad = no_grad();
        foreach (WeightEntry entry in weights.Entries.Where(entry => entry.Count is > 0 and <= MaxCount))
        {
            using Tensor target = zeros([.. entry.Shape], entry.Type);
            weights.CopyTo(entry, target);
        }
    }
}
