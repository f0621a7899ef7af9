using FsCheck;

namespace Microsoft.ML.FeatureMining.Tests;

internal static class PropertyAssert
{
    /// <summary>Tries 100 random cases; a failure names the smallest that was found. Says nothing where all is well.</summary>
    public static void Holds(Property property, int cases = 100) => property.Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(cases));
}
