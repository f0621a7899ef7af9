using Microsoft.ML.FeatureMining.Imaging;
using Microsoft.ML.FeatureMining.Networks;
using PublicApiGenerator;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>
/// Compares the public API with PublicApi.verified.txt, and that of its part without TorchSharp with PublicApi.Core.verified.txt. To approve a change, replace it by the .received.txt file that a failing test writes.
/// </summary>
public sealed class PublicApiTests
{
    // By default the generator skips the namespaces Microsoft and System.
    private static readonly ApiGeneratorOptions Options = new() { DenyNamespacePrefixes = [], IncludeAssemblyAttributes = false };

    [SkippableTheory]
    [InlineData(typeof(BackboneCatalog), "PublicApi")]
    [InlineData(typeof(ImageShape), "PublicApi.Core")]
    [InlineData(typeof(OnnxImageClassifier), "PublicApi.Onnx")]
    [InlineData(typeof(RetinaNetTrainer), "PublicApi.Detection")]
    public void Assembly_PublicApi_IsApproved(Type type, string name)
    {
        Skip.If(SourceTree.Tests is null, "The source tree was not found.");
        string verified = Path.Combine(SourceTree.Tests!, $"{name}.verified.txt");
        string received = Path.Combine(SourceTree.Tests!, $"{name}.received.txt");

        string[] actual = type.Assembly.GeneratePublicApi(Options).ReplaceLineEndings("\n").Split('\n');

        string[] approved = File.Exists(verified) ? File.ReadAllLines(verified) : [];
        if (actual.SequenceEqual(approved))
        {
            File.Delete(received);
            return;
        }

        File.WriteAllLines(received, actual);
        IEnumerable<string> difference = approved
            .Except(actual)
            .Select(line => $"- {line.Trim()}")
            .Concat(actual.Except(approved).Select(line => $"+ {line.Trim()}"));
        Assert.Fail($"The public API is not the approved one:\n{string.Join('\n', difference)}\nIf this is on purpose: mv {received} {verified}");
    }
}
