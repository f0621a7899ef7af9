using System.Text.Json.Serialization;

namespace Microsoft.ML.FeatureMining.Training.Schedules;

/// <summary>How the learning rate changes over a run: a factor on the base rate.</summary>
/// <remarks>For one of your own, derive a record from this class. Its public properties are its settings, which the model's manifest keeps and by which a workspace tells runs apart.</remarks>
[JsonConverter(typeof(ScheduleCatalog.Converter))]
public abstract record LearningRateSchedule
{
    /// <summary>The name in the catalog, on the command line and in the manifest.</summary>
    public abstract string Key { get; }

    /// <summary>The factor at a share of the run.</summary>
    /// <param name="progress">The share of the run, without its warm-up, that is done, in [0, 1).</param>
    /// <returns>At least 0 and finite.</returns>
    public abstract double Factor(double progress);

    /// <summary>What is wrong with the settings; empty where all is well.</summary>
    public virtual IEnumerable<string> Problems() => [];
}
