using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Models;
using Microsoft.ML.FeatureMining.Networks;
using Microsoft.ML.FeatureMining.Networks.Weights;
using Microsoft.ML.FeatureMining.Tests.Networks;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Models;

/// <summary>
/// Exported networks. If MLNETFM_EXPORT is set to a folder, the files stay there, each with images and the network's logits for them;
/// test/Goldens/check_torchvision.py uses this to load them into torchvision's models with strict=True.
/// </summary>
public sealed class WeightExportTests : IClassFixture<SingleThreadFixture>
{
    private const int Classes = 7;

    [Theory]
    [InlineData("resnet-18")]
    [InlineData("densenet-121")]
    [InlineData("efficientnet-b0")]
    public void Weights_WrittenAndReadBack_GiveTheSameLogits(string key) => Export(key);

    // Large networks that test nothing else: only on request.
    [SkippableTheory]
    [InlineData("resnet-50")]
    [InlineData("resnext-50-32x4d")]
    [InlineData("vgg-16")]
    [InlineData("vgg-16-bn")]
    [InlineData("efficientnet-b5")]
    public void Weights_LargeNetworksWrittenAndReadBack_GiveTheSameLogits(string key)
    {
        Skip.If(Folder is null, "MLNETFM_EXPORT is not set.");

        Export(key);
    }

    private static string? Folder => Environment.GetEnvironmentVariable("MLNETFM_EXPORT");

    private static void Export(string key)
    {
        using DisposeScope scope = NewDisposeScope();
        using IDisposable noGrad = no_grad();
        string path = Path.Combine(Folder ?? Path.GetTempPath(), Folder is null ? $"{Guid.NewGuid():N}.safetensors" : $"{key}.safetensors");
        try
        {
            using ImageNetwork network = NetworkFactory.Create(key, 3, Classes);
            HashedTensor.Fill(network);
            network.eval();
            Tensor images = tensor(HashedTensor.Fill("images", [2, 3, 64, 64]), [2, 3, 64, 64]).mul_(64);
            Tensor logits = network.call(images);
            AtomicFile.Write(path, stream => Safetensors.Write(NamedTensors.Of(network), stream));
            if (Folder is not null)
            {
                NamedTensors probe = new([Stored("images", images), Stored("logits", logits)]);
                AtomicFile.Write(Path.ChangeExtension(path, ".probe"), stream => Safetensors.Write(probe, stream));
            }

            using ImageNetwork again = NetworkFactory.Create(key, 3, Classes);
            WeightReport report = WeightLoader.Load(WeightSource.Find(path), again, key);
            again.eval();

            Assert.Empty(report.Skipped);
            Assert.Empty(report.New);
            TensorAssert.SameBits(logits, again.call(images));
        }
        finally
        {
            if (Folder is null)
            {
                File.Delete(path);
            }
        }
    }

    private static NamedTensor Stored(string name, Tensor value) =>
        new(name, ScalarType.Float32, value.shape, MemoryMarshal.AsBytes<float>(TensorAssert.Values(value)).ToArray());
}
