namespace Microsoft.ML.FeatureMining.Training;

/// <summary>
/// A training strategy as the user writes it: immutable settings, kept in the model's manifest. All state of a Fit lives in the <see cref="StrategyRun"/>
/// that <see cref="Start"/> makes, because one estimator may be fitted many times (CrossValidate does).
/// </summary>
/// <remarks>For one of your own, derive a class from this class. Its public properties are its settings, which the model's manifest keeps and by which a workspace tells runs apart.</remarks>
public abstract class TrainingStrategy
{
    /// <summary>The name in the catalog, on the command line and in the manifest, e.g. <c>feature-mining</c>.</summary>
    public abstract string Key { get; }

    /// <summary>What the strategy does to a batch or needs of it, by which strategies that cannot go together are refused.</summary>
    protected internal virtual StrategyTraits Traits => StrategyTraits.None;

    /// <summary>What is wrong with the settings for a network of so many stages; empty where all is well.</summary>
    public virtual IEnumerable<string> Problems(int stageCount) => [];

    /// <summary>Begins a Fit, before the optimizer exists.</summary>
    protected internal abstract StrategyRun Start(StrategyContext context);
}
