using System.Globalization;
using System.Text.RegularExpressions;
using Microsoft.ML.FeatureMining.Networks.Backbones;
using Microsoft.ML.FeatureMining.Networks.Layers;

namespace Microsoft.ML.FeatureMining.Networks;

/// <summary>The parts of a backbone's name, by the names of the groups in its family's pattern.</summary>
internal sealed class BackboneKey(Match match)
{
    /// <summary>The "32x4d" of a ResNeXt.</summary>
    /// <exception cref="ArgumentException">There are no groups, or they are empty.</exception>
    public Cardinality Cardinality => Number("groups") >= 1 && Number("width") >= 1
        ? new Cardinality(Number("groups"), Number("width"))
        : throw new ArgumentException($"'{match.Value}': a ResNeXt has at least one group, of at least one channel.");

    /// <summary>How to read "SK".</summary>
    public SelectiveKernelKind Kernels => new(Blurred: !Has("sharp"), Depthwise: Has("depthwise"));

    public bool Has(string part) => match.Groups[part].Success;

    public string Text(string part) => match.Groups[part].Value;

    public int Number(string part) => int.Parse(Text(part), CultureInfo.InvariantCulture);

    /// <summary>0 where it is not given.</summary>
    public double Fraction(string part) => Has(part) ? double.Parse(Text(part), CultureInfo.InvariantCulture) : 0;
}
