using FsCheck;

namespace Microsoft.ML.FeatureMining.Tests;

internal static class PropertyAssert
{
    /// <summary>Checks a property with random cases. A failure reports the smallest counterexample.</summary>
    public static void Holds(Property property, int cases = 100) => property.Check(Config.QuickThrowOnFailure.WithQuietOnSuccess(true).WithMaxTest(cases));
}
