using TorchSharp;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>Class fixture that sets torch to one thread, because test classes run in parallel.</summary>
public sealed class SingleThreadFixture
{
    public SingleThreadFixture() => torch.set_num_threads(1);
}
