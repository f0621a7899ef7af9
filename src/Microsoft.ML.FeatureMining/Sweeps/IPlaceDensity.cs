using Microsoft.ML.FeatureMining.Data;

namespace Microsoft.ML.FeatureMining.Sweeps;

/// <summary>A density over the places [0, 1) of one parameter, nowhere 0.</summary>
internal interface IPlaceDensity
{
    double Draw(RandomStream random);

    double At(double place);
}
