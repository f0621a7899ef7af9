namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>The number of iterations of fault and endurance tests: the long form (docs/RELIABILITY.md) if the environment variable MLNETFM_LONG is 1.</summary>
internal static class TestLength
{
    public static int Of(int shortForm, int longForm) => Environment.GetEnvironmentVariable("MLNETFM_LONG") == "1" ? longForm : shortForm;
}
