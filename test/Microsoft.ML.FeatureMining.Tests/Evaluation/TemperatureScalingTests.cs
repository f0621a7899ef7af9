using Microsoft.ML.FeatureMining.Evaluation;
using static TorchSharp.torch;

namespace Microsoft.ML.FeatureMining.Tests.Evaluation;

/// <summary>Temperatures against a closed form and PyTorch's minima (test/Goldens/make_temperature.py).</summary>
public sealed class TemperatureScalingTests
{
    private const int K = 5;

    private static readonly GoldenTensors Golden = new("evaluation", "temperature.safetensors");

    // Of n rows with the logits (m, 0), a part p has class 0: softmax(m / T) must be p.
    [Theory]
    [InlineData(6.0, 8)]
    [InlineData(0.5, 9)]
    [InlineData(20.0, 6)]
    public void Fit_TwoClasses_GivesTheClosedForm(double margin, int right)
    {
        TemperatureScaling scaling = new(2, [1]);
        for (int i = 0; i < 10; i++)
        {
            scaling.Add([(float)margin, 0], i < right ? 0 : 1);
        }

        double expected = margin / Math.Log(right / (10.0 - right));

        Assert.Equal(expected, scaling.Fit(), 1e-7 * expected);
        double p = right / 10.0;
        Assert.Equal(-(p * Math.Log(p)) - ((1 - p) * Math.Log(1 - p)), scaling.CrossEntropy(scaling.Fit()), 1e-12);
    }

    [Theory]
    [InlineData("over/one")]
    [InlineData("under/one")]
    [InlineData("over/views")]
    [InlineData("under/views")]
    [InlineData("over/sets")]
    [InlineData("under/sets")]
    [InlineData("over/set-views")]
    [InlineData("under/set-views")]
    public void Fit_RandomLogits_EqualsPyTorchsMinimum(string name)
    {
        TemperatureScaling scaling = Scaling(name);
        double[] expected = Golden.Doubles(name);

        double temperature = scaling.Fit();

        Assert.Equal(expected[0], temperature, 1e-6 * expected[0]);
        Assert.Equal(expected[1], scaling.CrossEntropy(temperature), 1e-10);
        Assert.Equal(expected[2], scaling.CrossEntropy(1), 1e-10);
    }

    [Fact]
    public void Fit_LogitsDividedByTheTemperature_GivesOne()
    {
        TemperatureScaling scaling = Scaling("over/one");
        double temperature = scaling.Fit();

        Assert.Equal(1, Scaling("over/one", temperature).Fit(), 1e-6);
    }

    [Theory]
    [InlineData(true, "all are classified correctly")]
    [InlineData(false, "say nothing about their labels")]
    public void Fit_NoLowestCrossEntropy_SaysWhy(bool right, string expected)
    {
        TemperatureScaling scaling = new(2, [1]);
        for (int i = 0; i < 10; i++)
        {
            scaling.Add(i % 2 == 0 ? [3, 0] : [0, 3], right ? i % 2 : 1 - (i % 2));
        }

        string message = Assert.Throws<InvalidOperationException>(() => scaling.Fit()).Message;

        Assert.Contains(expected, message, StringComparison.Ordinal);
        Assert.Contains("of the 10 rows", message, StringComparison.Ordinal);
    }

    private static TemperatureScaling Scaling(string name, double divisor = 1)
    {
        bool isSet = name.Contains("set", StringComparison.Ordinal);
        bool hasViews = name.Contains("views", StringComparison.Ordinal);
        float[] logits = Values(Golden[$"{name.Split('/')[0]}/{(isSet ? "set-" : "")}logits"]);
        double[] shares = hasViews ? Golden.Doubles("shares") : [1];
        float[][] sets = [.. Golden.Doubles("sets").Select(value => (float)value).Chunk(K)];
        long[] classes = Golden.Integers("classes");
        TemperatureScaling scaling = new(K, shares, isSet ? sets : null);
        foreach ((int row, float[] views) in logits.Chunk(logits.Length / classes.Length).Index())
        {
            scaling.Add([.. views.Take(shares.Length * K).Select(value => (float)(value / divisor))], isSet ? row : (int)classes[row]);
        }

        return scaling;
    }

    private static float[] Values(Tensor tensor) => TensorAssert.Values(tensor);
}
