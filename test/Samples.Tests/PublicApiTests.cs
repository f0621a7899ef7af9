using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.ML.FeatureMining.Networks;

namespace Samples.Tests;

/// <summary>The programs use the library as its users do.</summary>
public sealed class PublicApiTests
{
    [Fact]
    public void Library_ShowsItsInternals_ToNoProgram()
    {
        string[] friends = [.. typeof(Backbone).Assembly.GetCustomAttributes<InternalsVisibleToAttribute>().Select(attribute => attribute.AssemblyName)];

        Assert.NotEmpty(friends);
        string[] programs = ["Samples", "Quickstart", "OwnStrategy", "OwnBackbone", "OwnAugmentation", "OwnDataSet", "WebService", "OnnxService"];
        Assert.All(programs, program => Assert.DoesNotContain(program, friends));
    }
}
