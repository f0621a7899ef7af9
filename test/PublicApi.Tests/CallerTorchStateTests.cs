using Microsoft.ML;
using Microsoft.ML.FeatureMining.Tests;

namespace PublicApi.Tests;

/// <summary>
/// User-defined parts may rely on torch's default dtype and device while modules are created and weights initialized; elsewhere they must specify them. Then a
/// Fit does not depend on the program's defaults.
/// </summary>
[Collection(nameof(CallerTorchStateTests))]
public sealed class CallerTorchStateTests : IClassFixture<OwnPartsFixture>
{
    private readonly MLContext _ml = new(1);

    [Theory]
    [MemberData(nameof(OwnPartTests.Kinds), MemberType = typeof(OwnPartTests))]
    public void Fit_UserPartInForeignState_GivesTheSameResultsAndRestoresTheState(string kind)
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

    /// <summary>Torch's defaults are global: these tests do not run in parallel with others.</summary>
    [CollectionDefinition(nameof(CallerTorchStateTests), DisableParallelization = true)]
    public sealed class Definition;
}
