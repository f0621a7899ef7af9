using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Native;
using Mono.Cecil;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Native;

/// <summary>
/// TorchSharp passes errors of libtorch on by a try-catch in each native function. In some functions it is missing, so that an error ends the process. The
/// library does not call those that fail on wrong input.
/// </summary>
public sealed class AbortingCallsTests
{
    // Functions of LibTorchSharp 0.107 without the try-catch whose libtorch code checks its input (docs/RELIABILITY.md).
    private static readonly string[] Aborting =
    [
        "THSAutograd_grad",
        "THSGenerator_set_rng_state",
        "THSTensor_cummax",
        "THSTensor_cummin",
        "THSTensor_matmul",
        "THSTensor_upsample_nearest1d_backward",
        "THSTensor_upsample_nearest2d_backward",
        "THSTensor_upsample_nearest3d_backward",
        "THSTorch_set_num_threads",
        "THSTorch_set_num_interop_threads",
        "THSVision_AdjustHue",
        "THSVision_ApplyGridTransform",
        "THSVision_GenerateAffineGrid",
        "THSVision_PerspectiveGrid",
        "THSVision_ScaleChannel",
    ];

    // The state is one that libtorch returned.
    private static readonly string[] Checked = ["Microsoft.ML.FeatureMining.Networks.ModuleScope"];

    [Fact]
    public void Detection_FunctionsThatEndTheProcess_AreNotCalled() => Assert.Empty(TorchSharpCalls.Of(typeof(RetinaNetSettings).Assembly.Location, Aborts));

    [Fact]
    public void Library_FunctionsThatEndTheProcess_AreNotCalled()
    {
        IReadOnlyList<(string Type, string Method, string Called)> calls = TorchSharpCalls.Of(typeof(TensorMath).Assembly.Location, Aborts);

        Assert.Contains(calls, call => call.Type == Checked[0]);
        string[] forbidden = [.. calls.Where(call => !Checked.Contains(call.Type)).Select(call => $"{call.Type}.{call.Method} calls {call.Called}")];
        Assert.True(forbidden.Length == 0, string.Join(Environment.NewLine, forbidden));
    }

    [Theory]
    [InlineData(nameof(Ending.Product), "matmul")]
    [InlineData(nameof(Ending.Gradient), "grad")]
    [InlineData(nameof(Ending.Threads), "set_num_threads")]
    public void Calls_OfEachKind_AreFound(string method, string called) =>
        Assert.Contains(
            TorchSharpCalls.Of(typeof(AbortingCallsTests).Assembly.Location, Aborts),
            call => call.Type.EndsWith(nameof(Ending), StringComparison.Ordinal) && call.Method == method && call.Called.Contains($"::{called}(")
        );

    private static bool Aborts(MethodDefinition method) => method.IsPInvokeImpl && Aborting.Contains(method.Name);

    // Only analyzed, never run.
    private static class Ending
    {
        public static Tensor Product(Tensor x) => x.matmul(x);

        public static IList<Tensor> Gradient(Tensor x) => autograd.grad([x], [x]);

        public static void Threads() => set_num_threads(1);
    }
}
