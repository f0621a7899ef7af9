using Microsoft.ML.FeatureMining.Files;

namespace Microsoft.ML.FeatureMining.Tests.Files;

public sealed class ComposedTextTests
{
    [Theory]
    [InlineData("cafe\u0301", "caf\u00e9")]
    [InlineData("Gro\u0308\u00dfe", "Gr\u00f6\u00dfe")]
    [InlineData("Vie\u0323\u0302t", "Vi\u1ec7t")]
    [InlineData("\u30ab\u3099", "\u30ac")]
    [InlineData("\u1112\u1161\u11ab\u1100\u1173\u11af", "\ud55c\uae00")]
    [InlineData("\u0438\u0306", "\u0439")]
    [InlineData("pansy", "pansy")]
    [InlineData("caf\u00e9", "caf\u00e9")]
    [InlineData("x\u0301 \ud83d\udc26", "x\u0301 \ud83d\udc26")]
    // Excluded from composition by Unicode.
    [InlineData("\u0915\u093c", "\u0915\u093c")]
    public void Of_DecomposedText_IsNormalizationFormC(string text, string expected) => Assert.Equal(expected, ComposedText.Of(text));
}
