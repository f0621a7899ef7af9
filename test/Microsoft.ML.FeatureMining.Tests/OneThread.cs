using TorchSharp;

namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>Class fixture of tests that compute: test classes run side by side, so that each takes one of torch's threads, which belong to the process.</summary>
public sealed class OneThread
{
    public OneThread() => torch.set_num_threads(1);
}
