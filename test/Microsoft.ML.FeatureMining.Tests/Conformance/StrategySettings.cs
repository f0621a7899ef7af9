using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Hierarchies;
using Microsoft.ML.FeatureMining.Strategies;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>Settings of a strategy: the defaults, and one property at a time with extreme values.</summary>
internal static class StrategySettings
{
    /// <summary>The defaults, as <c>key</c>, and each valid change of one property, as <c>key Property=value</c>.</summary>
    public static IEnumerable<string> Valid(string key) => [key, .. Changes(key).Where(settings => PartProblems.Of(Create(settings)).Count == 0)];

    /// <summary>Changes of one property that are not valid.</summary>
    public static IEnumerable<string> Invalid(string key) => Changes(key).Where(settings => PartProblems.Of(Create(settings)).Count > 0);

    public static TrainingStrategy Create(string settings)
    {
        string[] parts = settings.Split(' ');
        // A hierarchy and a teacher have no defaults; the tiny runs have two classes.
        TrainingStrategy strategy = StrategyCatalog.Create(parts[0]) switch
        {
            TreeSupervision => new TreeSupervision { Hierarchy = ClassHierarchy.Parse("(0,1);") },
            TeacherDistillation => new TeacherDistillation { Teacher = TinyTeacher.Folder },
            TrainingStrategy other => other,
        };
        return parts.Length > 1 ? Settings.Change(strategy, parts[1]) : strategy;
    }

    public static void AssertFinite(TrainingOutcome outcome) =>
        Assert.All(
            outcome.Weights.Tensors.Where(tensor => tensor.Type == TorchSharp.torch.ScalarType.Float32),
            tensor => Assert.All(MemoryMarshal.Cast<byte, float>(tensor.Bytes).ToArray(), value => Assert.True(float.IsFinite(value)))
        );

    private static IEnumerable<string> Changes(string key) => Settings.Changes(StrategyCatalog.Create(key)).Select(change => $"{key} {change}");
}
