namespace Microsoft.ML.FeatureMining.Tests;

/// <summary>How often the tests of faults and endurance try: the long form, of which docs/RELIABILITY.md tells, where MLNETFM_LONG is 1.</summary>
internal static class Effort
{
    public static int Of(int shortForm, int longForm) => Environment.GetEnvironmentVariable("MLNETFM_LONG") == "1" ? longForm : shortForm;
}
