using System.Text.Json.Serialization;

namespace Microsoft.ML.FeatureMining.Training.Schedules;

/// <summary>How the learning rate changes over a run: a factor on the base rate.</summary>
[JsonConverter(typeof(ScheduleCatalog.Converter))]
public abstract record LearningRateSchedule
{
    /// <summary>The name in the catalog and in the manifest.</summary>
    public abstract string Key { get; }

    /// <summary>The factor at a share of the run in [0, 1).</summary>
    public abstract double Factor(double progress);

    /// <summary>What is wrong with the settings; empty where all is well.</summary>
    public virtual IEnumerable<string> Problems() => [];
}
