using Microsoft.ML;
using static TorchSharp.torch;

namespace PublicApi.Tests;

/// <summary>User-defined parts in a program that changes torch's global settings. Not run in parallel with other tests.</summary>
[Collection(nameof(TorchStateTests))]
public sealed class TorchStateTests : IClassFixture<OwnPartsFixture>
{
    [CollectionDefinition(nameof(TorchStateTests), DisableParallelization = true)]
    public sealed class SerialTests;

    [Fact]
    public void Fit_OtherTorchDefaults_GivesTheSameWeights()
    {
        MLContext ml = new(1);
        string expected = OwnFit.Weights(ml, OwnFit.Run(ml, OwnFit.AllByKey(OwnFit.Plain)));

        set_default_dtype(ScalarType.Float64);
        try
        {
            using IDisposable noGrad = no_grad();
            using IDisposable scope = NewDisposeScope();
            random.manual_seed(7);
            ITransformer model = OwnFit.Run(ml, OwnFit.AllByKey(OwnFit.Plain));

            Assert.Equal(expected, OwnFit.Weights(ml, model));
            OwnFit.AssertFinite(Program.Scores(ml, model));
        }
        finally
        {
            set_default_dtype(ScalarType.Float32);
        }
    }
}
