using System.Text.Json;
using Microsoft.ML.FeatureMining.Losses;
using Microsoft.ML.FeatureMining.Tests.Training;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.FeatureMining.Training.Loop;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Conformance;

/// <summary>Requirements for every loss in the catalog, with default and with extreme settings.</summary>
[Collection(nameof(SerialTests))]
public sealed class LossConformanceTests : IClassFixture<SingleThreadFixture>
{
    private static readonly TrainingRecipe Plain = TinyRun.Recipe with { Epochs = 1, ReportEverySteps = 1 };

    public static TheoryData<string> Valid { get; } =
    [.. LossCatalog.Keys.SelectMany(key => Changes(key).Prepend(key)).Where(settings => PartProblems.Of(Create(settings)).Count == 0)];

    public static TheoryData<string> Invalid { get; } =
    [.. LossCatalog.Keys.SelectMany(Changes).Where(settings => PartProblems.Of(Create(settings)).Count > 0)];

    public static TheoryData<string> Keys { get; } = [.. LossCatalog.Keys];

    [Theory]
    [MemberData(nameof(Valid))]
    public void Compute_AnyLogits_HasAFiniteValueAndGradientAndLeavesOneTensor(string settings)
    {
        ClassificationLoss loss = Create(settings);
        foreach (float scale in new[] { 0f, 1, 1e4f })
        {
            using DisposeScope scope = NewDisposeScope();
            Tensor logits = (linspace(-1, 1, 12).view(3, 4) * scale).detach().requires_grad_(true);
            Tensor targets = eye(4).narrow(0, 0, 3);
            long before = SerialTests.LiveTensors;

            Tensor value = loss.Compute(logits, targets);

            Assert.Equal(before + 1, SerialTests.LiveTensors);
            value.backward();
            Assert.True(float.IsFinite(value.ToSingle()) && value.ToSingle() >= 0 && value.dim() == 0);
            Assert.All(TensorAssert.Values(logits.grad!), slope => Assert.True(float.IsFinite(slope)));
        }
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Compute_Null_NamesTheArgument(string key)
    {
        ClassificationLoss loss = LossCatalog.Create(key);
        using Tensor some = ones(2, 2);

        Assert.Equal("logits", Assert.Throws<ArgumentNullException>(() => loss.Compute(null!, some)).ParamName);
        Assert.Equal("targets", Assert.Throws<ArgumentNullException>(() => loss.Compute(some, null!)).ParamName);
    }

    [Theory]
    [MemberData(nameof(Valid))]
    public void Fit_AnySettings_IsReproducibleAndLeavesNoTensor(string settings)
    {
        TrainingRecipe recipe = Plain with { Loss = Create(settings) };
        string bits = TinyRun.Bits(TinyRun.Fit(recipe));

        SerialTests.AssertLeavesNoTensors(() => Assert.Equal(bits, TinyRun.Bits(TinyRun.Fit(recipe))), making: () => TinyRun.MakeParts(recipe));
    }

    [Theory]
    [MemberData(nameof(Keys))]
    public void Fit_Defaults_LearnsTheBands(string key)
    {
        TrainingOutcome outcome = TinyRun.Fit(TinyRun.Recipe with { Epochs = 15, Loss = Create(key) }, TinyData.Bands(40));

        Assert.True(outcome.History[^1].TrainAccuracy > 0.9, $"The accuracy is {outcome.History[^1].TrainAccuracy}.");
    }

    [Theory]
    [MemberData(nameof(Invalid))]
    public void Fit_InvalidSettings_AreRejectedBeforeTheFirstStep(string settings) =>
        Assert.Throws<ArgumentException>(() => TinyRun.Fit(Plain with { Loss = Create(settings) }, progress: _ => Assert.Fail("A step was run.")));

    [Theory]
    [MemberData(nameof(Valid))]
    public void Json_AnySettings_RoundTrip(string settings)
    {
        ClassificationLoss loss = Create(settings);

        string text = JsonSerializer.Serialize(loss);

        Assert.Contains($"\"Key\":\"{loss.Key}\"", text);
        Assert.Equal(loss, JsonSerializer.Deserialize<ClassificationLoss>(text));
    }

    [Fact]
    public void Fit_LabelSmoothing_ChangesTheRun() =>
        Assert.NotEqual(TinyRun.Bits(TinyRun.Fit(Plain)), TinyRun.Bits(TinyRun.Fit(Plain with { Loss = new CrossEntropyLoss { LabelSmoothing = 0.1 } })));

    [Fact]
    public void Catalog_UnknownKey_ListsKnownKeys() =>
        Assert.Contains("cross-entropy", Assert.Throws<ArgumentException>(() => LossCatalog.Create("nothing")).Message);

    private static IEnumerable<string> Changes(string key) => Settings.Changes(LossCatalog.Create(key)).Select(change => $"{key} {change}");

    private static ClassificationLoss Create(string settings)
    {
        string[] parts = settings.Split(' ');
        ClassificationLoss loss = LossCatalog.Create(parts[0]);
        return parts.Length > 1 ? Settings.Change(loss, parts[1]) : loss;
    }
}
