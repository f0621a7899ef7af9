using Microsoft.ML.FeatureMining.Detection.Networks;
using Microsoft.ML.FeatureMining.Native;
using TorchSharp.Modules;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Native;

/// <summary>The garbage collector may free TorchSharp's Scalars before libtorch reads them, so only <see cref="TensorMath"/> may use them.</summary>
public sealed class ScalarCallsTests
{
    private static readonly string[] Safe = [typeof(TensorMath).FullName!, typeof(Number).FullName!];

    [Fact]
    public void Detection_CallsWithScalars_AreNone() => Assert.Empty(TorchSharpCalls.Of(typeof(RetinaNetSettings).Assembly.Location));

    [Fact]
    public void Library_CallsWithScalars_AreInTensorMathOnly()
    {
        IReadOnlyList<(string Type, string Method, string Called)> calls = TorchSharpCalls.Of(typeof(TensorMath).Assembly.Location);

        Assert.Contains(calls, call => call.Type == Safe[0] && call.Method == nameof(TensorMath.Add_));
        string[] forbidden =
        [
            .. calls
                .Where(call => !Safe.Contains(call.Type))
                .Select(call => $"{call.Type}.{call.Method} calls {call.Called}; use the safe method of TensorMath."),
        ];
        Assert.True(forbidden.Length == 0, string.Join(Environment.NewLine, forbidden));
    }

    [Theory]
    [InlineData(nameof(Unsafe.Implicit), "op_Implicit")]
    [InlineData(nameof(Unsafe.Sum), "op_Addition")]
    [InlineData(nameof(Unsafe.Product), "op_Multiply")]
    [InlineData(nameof(Unsafe.InPlace), "add_")]
    [InlineData(nameof(Unsafe.Square), "square")]
    [InlineData(nameof(Unsafe.Range), "arange")]
    [InlineData(nameof(Unsafe.Read), "ToBoolean")]
    [InlineData(nameof(Unsafe.NoNumber), "clamp")]
    [InlineData(nameof(Unsafe.Delegate), "square")]
    [InlineData(nameof(Unsafe.Norm), "BatchNorm2d")]
    [InlineData(nameof(Unsafe.Optimizer), "SGD")]
    public void Calls_OfEachKind_AreFound(string method, string called) =>
        Assert.Contains(
            TorchSharpCalls.Of(typeof(ScalarCallsTests).Assembly.Location),
            call => call.Type.EndsWith(nameof(Unsafe), StringComparison.Ordinal) && call.Method == method && call.Called.Contains($"::{called}(")
        );

    [Fact]
    public void Calls_OfLambdas_AreFound() =>
        Assert.Contains(
            TorchSharpCalls.Of(typeof(ScalarCallsTests).Assembly.Location),
            call => call.Type.Contains($"{nameof(Unsafe)}/<>c") && call.Called.Contains("::op_Addition(")
        );

    [Fact]
    public void Calls_OfAnInheritedOverride_AreFoundWhereTheObjectIsMade() =>
        Assert.Contains(
            TorchSharpCalls.Of(typeof(ScalarCallsTests).Assembly.Location),
            call => call.Type.EndsWith(nameof(InheritedForward), StringComparison.Ordinal) && call.Called.Contains("BatchNorm::forward(")
        );

    [Fact]
    public void Calls_WithoutNumbers_AreNotFound() =>
        Assert.DoesNotContain(TorchSharpCalls.Of(typeof(ScalarCallsTests).Assembly.Location), call => call.Method == nameof(Unsafe.NothingUnsafe));

    // Only analyzed, never run.
    private static class Unsafe
    {
        public static Tensor Implicit(Tensor x) => x.pow(2);

        public static Tensor Sum(Tensor x) => x + x;

        public static Tensor Product(Tensor x) => x * 2;

        public static Tensor InPlace(Tensor x) => x.add_(x);

        public static Tensor Square(Tensor x) => x.square();

        public static Tensor Range(TorchSharp.Scalar stop) => arange(stop);

        public static bool Read(Tensor x) => TorchSharp.TensorExtensionMethods.ToBoolean(x);

        public static Tensor NoNumber(Tensor x) => x.clamp(null, (TorchSharp.Scalar?)null);

        public static Func<Tensor> Delegate(Tensor x) => x.square;

        public static Tensor Lambda(IEnumerable<Tensor> all) => all.Aggregate((x, y) => x + y);

        public static BatchNorm2d Norm() => nn.BatchNorm2d(1);

        public static SGD Optimizer(IEnumerable<Parameter> parameters) => optim.SGD(parameters, 0.1);

        public static Tensor NothingUnsafe(Tensor x) => nn.functional.relu(x.mul(x).sub(x).sum(1)).to(ScalarType.Float64);
    }

    private sealed class InheritedForward()
        : BatchNorm(1, 1e-5, 0.1, affine: true, track_running_stats: true, device: null, dtype: null, nameof(InheritedForward))
    {
        protected override void ValidateInputDimensions(Tensor input) { }
    }
}
