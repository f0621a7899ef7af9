using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Training;

public sealed class LossLedgerTests
{
    [Fact]
    public void Total_WeightedTerms_IsTheirSumInOrder()
    {
        using DisposeScope scope = NewDisposeScope();
        LossLedger ledger = new();
        ledger.Add("a", tensor(2f));
        ledger.Add("b", tensor(3f), weight: 0.5);
        ledger.Add("c", tensor(1f), weight: -1);

        Assert.Equal(2.5f, ledger.Total().ToSingle());
        Assert.Equal(["a", "b", "c"], ledger.Entries.Select(entry => entry.Name));
        Assert.Equal([2f, 3f, 1f], ledger.Entries.Select(entry => entry.Value.ToSingle()));
    }
}
