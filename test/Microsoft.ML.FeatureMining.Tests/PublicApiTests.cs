using Microsoft.ML.FeatureMining.Networks;
using PublicApiGenerator;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>The public surface against PublicApi.verified.txt. Where a change is meant, the .received.txt beside it takes its place.</summary>
public sealed class PublicApiTests
{
    // By default the generator leaves out what is in namespaces of Microsoft or System.
    private static readonly ApiGeneratorOptions Options = new() { DenyNamespacePrefixes = [], IncludeAssemblyAttributes = false };

    [SkippableFact]
    public void Library_PublicSurface_IsTheApprovedOne()
    {
        Skip.If(SourceTree.Tests is null, "The source tree is not here.");
        string verified = Path.Combine(SourceTree.Tests!, "PublicApi.verified.txt");
        string received = Path.Combine(SourceTree.Tests!, "PublicApi.received.txt");

        string[] surface = typeof(BackboneCatalog).Assembly.GeneratePublicApi(Options).ReplaceLineEndings("\n").Split('\n');

        string[] approved = File.Exists(verified) ? File.ReadAllLines(verified) : [];
        if (!surface.SequenceEqual(approved))
        {
            File.WriteAllLines(received, surface);
        }
        else
        {
            File.Delete(received);
        }

        Assert.Equal(approved, surface);
    }
}
