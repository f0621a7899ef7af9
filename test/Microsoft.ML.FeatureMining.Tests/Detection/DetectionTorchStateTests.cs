using Microsoft.ML.Data;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Detection;

/// <summary>Training and scoring a detector depend on no global torch state, restore it, and leak no tensors.</summary>
[Collection(nameof(SerialTests))]
public sealed class DetectionTorchStateTests(Rectangles images) : IClassFixture<Rectangles>, IClassFixture<SingleThreadFixture>
{
    [Theory]
    [MemberData(nameof(CallerTorchState.Names), MemberType = typeof(CallerTorchState))]
    public void FitAndTransform_AnyState_AreBitIdenticalAndRestoreTheState(string name)
    {
        string plain = Everything(epochs: 1);
        using CallerTorchState state = new(name);

        Assert.Equal(plain, Everything(epochs: 1));

        state.Assert();
    }

    [Fact]
    public void Model_CreatedInADisposeScope_OutlivesIt()
    {
        RetinaNetTransformer model;
        string inside;
        using (NewDisposeScope())
        {
            model = Fit(epochs: 1);
            inside = Scores(model);
        }

        Assert.Equal(inside, Scores(model));
        model.Dispose();
    }

    [Fact]
    public void FitAndTransform_MoreEpochs_LeaveAsManyTensors()
    {
        Everything(epochs: 1);

        SerialTests.AssertLeavesNoTensors(() => Everything(epochs: 4), making: () => Everything(epochs: 1));
    }

    private string Everything(int epochs)
    {
        using RetinaNetTransformer model = Fit(epochs);
        return Scores(model);
    }

    private RetinaNetTransformer Fit(int epochs)
    {
        IDataView rows = new MLContext(1).Data.LoadFromEnumerable(images.Rows.Take(8));
        return TinyDetector.Fit(rows, options => options with { Epochs = epochs, ValidationSet = rows, EmaDecay = 0.5 });
    }

    private string Scores(RetinaNetTransformer model) =>
        string.Join(
            ' ',
            model
                .Transform(new MLContext(1).Data.LoadFromEnumerable(images.Rows.Take(3)))
                .GetColumn<float[]>("Score")
                .SelectMany(scores => scores)
                .Select(score => score.ToString("R", System.Globalization.CultureInfo.InvariantCulture))
        );
}
