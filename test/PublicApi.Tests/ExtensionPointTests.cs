using System.Reflection;
using System.Runtime.CompilerServices;
using Microsoft.ML.FeatureMining.Networks;

namespace PublicApi.Tests;

/// <summary>
/// Each public abstract class can be derived from outside the library, or is closed on purpose: it has no constructor that is visible outside.
/// </summary>
public sealed class ExtensionPointTests
{
    private const BindingFlags Instance = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    // Only the library may derive from these classes.
    private static readonly string[] Closed =
    [
        "ImageClassificationOptions",
        "ImageClassificationTrainer",
        "ImageTrainerOptions",
        "SweepParameter",
        "TrainingOptions",
    ];

    private static Type[] PublicTypes { get; } = typeof(Backbone).Assembly.GetExportedTypes();

    public static TheoryData<string> Abstract =>
        [.. PublicTypes.Where(type => type is { IsAbstract: true, IsSealed: false, IsInterface: false }).Select(type => type.FullName!)];

    [Theory]
    [MemberData(nameof(Abstract))]
    public void AbstractClass_FromOutside_CanBeDerivedOrIsClosed(string name)
    {
        Type type = typeof(Backbone).Assembly.GetType(name)!;
        IEnumerable<MethodInfo> hidden = type.GetMethods(Instance).Where(method => method.IsAbstract && !IsVisible(method));

        bool opened = type.GetConstructors(Instance).Any(constructor => IsVisible(constructor) && !IsCopy(constructor, type));

        Assert.Equal(Closed.Contains(type.Name), !opened);
        Assert.True(
            !opened || !hidden.Any(),
            $"{name} cannot be derived from: {string.Join(", ", hidden.Select(method => method.Name))} is not visible outside the library."
        );
    }

    [Fact]
    public void AbstractClasses_OpenOnes_AreDerivedFromInThisProject()
    {
        string[] open =
        [
            .. PublicTypes
                .Where(type => type is { IsAbstract: true, IsSealed: false, IsInterface: false } && !Closed.Contains(type.Name))
                .Select(type => type.Name)
                .Order(StringComparer.Ordinal),
        ];
        Type[] own = typeof(ExtensionPointTests).Assembly.GetTypes();

        Assert.Equal(
            [
                "Backbone",
                "ClassificationLoss",
                "Head",
                "HeadModule",
                "ImageAugmentation",
                "LearningRateSchedule",
                "Optimizer",
                "OptimizerRun",
                "RandomLayer",
                "StrategyRun",
                "TrainingStrategy",
            ],
            open
        );
        Assert.All(open, name => Assert.Contains(own, type => type.BaseType?.Name == name));
    }

    [Fact]
    public void Classes_AllOthers_AreSealed() =>
        Assert.All(PublicTypes.Where(type => type.IsClass && !type.IsAbstract), type => Assert.True(type.IsSealed, $"{type} is neither abstract nor sealed."));

    [Fact]
    public void Assembly_ThisProject_HasNoAccessToInternals() =>
        Assert.DoesNotContain(
            typeof(Backbone).Assembly.GetCustomAttributes<InternalsVisibleToAttribute>(),
            attribute => attribute.AssemblyName.StartsWith("PublicApi", StringComparison.Ordinal)
        );

    private static bool IsVisible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    // A record's copy constructor is always protected.
    private static bool IsCopy(ConstructorInfo constructor, Type type) => constructor.GetParameters() is [{ ParameterType: { } only }] && only == type;
}
