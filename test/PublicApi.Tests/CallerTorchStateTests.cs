using Microsoft.ML;
using Microsoft.ML.FeatureMining.Tests;

namespace PublicApi.Tests;

/// <summary>
/// Parts of the user's own may leave dtype and device to torch while modules are made and weights initialized; elsewhere they name them. Then a Fit with them is independent of the program's defaults, too.
/// </summary>
[Collection(nameof(CallerTorchStateTests))]
public sealed class CallerTorchStateTests : IClassFixture<OwnPartsFixture>
{
    private readonly MLContext _ml = new(1);

    [Theory]
    [MemberData(nameof(OwnPartTests.Kinds), MemberType = typeof(OwnPartTests))]
    public void Fit_OwnPartWithCallerTorchState_GivesTheSameWeightsAndScoresAndRestoresIt(string kind)
    {
        (string, string) plain = Fit(kind);
        using CallerTorchState state = new("all");

        Assert.Equal(plain, Fit(kind));

        state.Assert();
    }

    private (string Weights, string Scores) Fit(string kind)
    {
        ITransformer model = OwnFit.Run(_ml, OwnPartTests.With(kind, OwnFit.Plain with { Epochs = 1 }));
        return (OwnFit.Weights(_ml, model), Program.Text(Program.Scores(_ml, model)));
    }

    /// <summary>Torch's defaults belong to the process: nothing else runs beside these tests.</summary>
    [CollectionDefinition(nameof(CallerTorchStateTests), DisableParallelization = true)]
    public sealed class Definition;
}
