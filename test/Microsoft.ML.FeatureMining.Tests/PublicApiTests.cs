using Microsoft.ML.FeatureMining.Networks;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>The public surface against PublicApi.verified.txt. Where a change is meant, the .received.txt beside it takes its place.</summary>
public sealed class PublicApiTests
{
    [SkippableFact]
    public void Library_PublicSurface_IsTheApprovedOne()
    {
        Skip.If(SourceTree.Tests is null, "The source tree is not here.");
        string verified = Path.Combine(SourceTree.Tests!, "PublicApi.verified.txt");
        string received = Path.Combine(SourceTree.Tests!, "PublicApi.received.txt");

        string surface = PublicSurface.Of(typeof(BackboneCatalog).Assembly);

        string approved = File.Exists(verified) ? File.ReadAllText(verified) : "";
        if (surface != approved)
        {
            File.WriteAllText(received, surface);
        }
        else
        {
            File.Delete(received);
        }

        Assert.Equal(approved.Split('\n'), surface.Split('\n'));
    }
}
