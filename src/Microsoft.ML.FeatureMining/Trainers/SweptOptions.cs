using System.Globalization;
using System.Reflection;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Parts;
using Microsoft.ML.FeatureMining.Reports;
using Microsoft.ML.FeatureMining.Sweeps;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.FeatureMining.Trainers;

/// <summary>Options with some properties set by their names; <c>Optimizer.Momentum</c> names a property of a part.</summary>
internal static class SweptOptions
{
    /// <summary>A copy of the options, which stay as they are.</summary>
    /// <exception cref="ArgumentException">There is no such property, or it takes no such value.</exception>
    public static TOptions With<TOptions>(TOptions options, IEnumerable<KeyValuePair<string, object>> settings)
        where TOptions : ImageClassificationOptions =>
        settings.Aggregate(options, (changed, setting) => (TOptions)With(changed, setting.Key, setting.Key.Split('.'), setting.Value));

    private static object With(object settings, string name, ReadOnlySpan<string> path, object value)
    {
        PropertyInfo property = PropertyOf(settings.GetType(), path[0], name);
        object? set = path.Length == 1 ? ValueFor(property, value)
            : With(property.GetValue(settings) ?? throw new ArgumentException($"{property.Name} is null, so '{name}' cannot be set."), name, path[1..], value);
        object copy = Copy(settings);
        property.SetValue(copy, set);
        return copy;
    }

    // What `with` calls.
    private static object Copy(object record) => record.GetType().GetMethod("<Clone>$") is { } clone
        ? clone.Invoke(record, null)!
        : throw new ArgumentException($"{record.GetType().Name} is not a record, so its settings cannot vary.");

    private static PropertyInfo PropertyOf(Type type, string property, string name) => type.GetProperty(property) is { CanWrite: true } found
        ? found
        : throw new ArgumentException($"{type.Name} has no property '{property}' to set ('{name}').{Spelling.Hint(property, type.GetProperties().Select(other => other.Name))}");

    /// <summary>What is wrong with parameters, and with names of what is not to vary, for such options.</summary>
    public static IEnumerable<string> Problems(ImageClassificationOptions options, IReadOnlyList<SweepParameter> parameters, IEnumerable<string> settled)
    {
        if (parameters.Count == 0)
            yield return "Nothing is left to vary: name Parameters.";
        HashSet<string> names = [.. options.GetType().GetProperties().Select(property => property.Name), .. AttributeParameters.Of(options).Select(parameter => parameter.Name)];
        foreach (string name in settled.Where(name => !names.Contains(name)))
        {
            yield return $"{options.GetType().Name} has no property '{name}' to fix.";
        }
        foreach (SweepParameter parameter in parameters)
        {
            string? problem = null;
            try
            {
                foreach (object value in parameter.Grid(2))
                {
                    With(options, [KeyValuePair.Create(parameter.Name, value)]);
                }
            }
            catch (ArgumentException e)
            {
                problem = e.Message;
            }

            if (problem is not null)
                yield return problem;
        }
    }

    /// <summary>What is wrong with the options whatever the parameters are: no trial could be trained.</summary>
    public static IEnumerable<string> ProblemsOfAnyTrial(ImageClassificationOptions options, IReadOnlyList<SweepParameter> parameters) => OptionsCheck.Problems(options).Intersect(
        OptionsCheck.Problems(With(options, parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.ValueAt(0.5))))));

    private static object ValueFor(PropertyInfo property, object value)
    {
        Type type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
        try
        {
            return type.IsInstanceOfType(value) ? value
                : type.IsEnum ? Enum.Parse(type, Convert.ToString(value, CultureInfo.InvariantCulture)!)
                : Convert.ChangeType(value, type, CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is InvalidCastException or FormatException or OverflowException or ArgumentException)
        {
            throw new ArgumentException($"{property.Name} is of type {type.Name}; '{value}' is none.", e);
        }
    }
}

/// <summary>What ML.NET's attributes on options say of sweeping them.</summary>
internal static class AttributeParameters
{
    // The resource that early stopping hands out.
    private const string Epochs = nameof(ImageClassificationOptions.Epochs);

    /// <summary>The properties of options and of their head, loss and optimizer that have attributes, in the order of their names, without Epochs.</summary>
    public static IReadOnlyList<SweepParameter> Of(ImageClassificationOptions options)
    {
        (string Prefix, object? Part)[] parts = [("", options), ("Head.", options.Head), ("Loss.", options.Loss), ("Optimizer.", options.Optimizer)];
        return [.. parts.Where(part => part.Part is not null).SelectMany(part => part.Part!.GetType().GetProperties().Select(property => Of(property, part.Prefix + property.Name)))
            .OfType<SweepParameter>().Where(parameter => parameter.Name != Epochs).OrderBy(parameter => parameter.Name, StringComparer.Ordinal)];
    }

    /// <summary>Those of them that may vary: neither fixed, nor refused beside the others.</summary>
    public static IReadOnlyList<SweepParameter> Of(ImageClassificationOptions options, IEnumerable<string> settled)
    {
        // To fix a part fixes all of its settings.
        bool IsSettled(string name) => settled.Any(other => name == other || name.StartsWith(other + ".", StringComparison.Ordinal));
        int problems = OptionsCheck.Problems(options).Count();
        return [.. Of(options).Where(parameter => !IsSettled(parameter.Name)
            && parameter.Grid(2).All(value => OptionsCheck.Problems(SweptOptions.With(options, [KeyValuePair.Create(parameter.Name, value)])).Count() <= problems))];
    }

    private static SweepParameter? Of(PropertyInfo property, string name)
    {
        if (property.GetCustomAttribute<SearchRangeAttribute>() is { } range)
        {
            return new NumberParameter(
                name, Convert.ToDouble(range.Min, CultureInfo.InvariantCulture), Convert.ToDouble(range.Max, CultureInfo.InvariantCulture), range.LogBase, property.PropertyType == typeof(int));
        }

        if (property.GetCustomAttribute<ChoiceAttribute>() is { } choice)
        {
            return new ChoiceParameter(name, choice.Candidates);
        }

        return property.GetCustomAttribute<BooleanChoiceAttribute>() is null ? null : new ChoiceParameter(name, false, true);
    }
}

/// <summary>Trains a trial as a Fit in a workspace, which is canceled where the trial is to pause and goes on there when it is promoted.</summary>
internal sealed class TrialTrainer<TOptions>(IDataView rows, TOptions baseline, TrialFolders folders, Func<TOptions, IEstimator<ITransformer>> pipeline)
    where TOptions : ImageClassificationOptions
{
    public TrialRun Train(SweepTrial trial, int until, CancellationToken token)
    {
        using CancellationTokenSource pause = CancellationTokenSource.CreateLinkedTokenSource(token);
        TOptions settings = GetOptions(trial);
        TOptions observed = (TOptions)(settings with
        {
            CancellationToken = pause.Token,
            OnCancellation = CancellationBehavior.ReturnModel,
            Progress = progress =>
            {
                settings.Progress?.Invoke(progress);
                if (progress.Completed is { } epoch && epoch.Epoch >= until && epoch.Epoch < progress.Epochs)
                    pause.Cancel();
            },
        });
        using ImageClassificationTransformer classifier = TransformerChains.ClassifierOf(pipeline(observed).Fit(rows));
        IEnumerable<TrialEpoch> curve = classifier.Model.History.Select(epoch => new TrialEpoch(
            epoch.Epoch, epoch.ValidationAccuracy ?? throw new InvalidOperationException("A sweep compares validation accuracies, and the pipeline's trainer did not validate.")));
        return new TrialRun([.. curve], classifier.Model.End != TrainingEnd.Canceled);
    }

    /// <summary>The options of a trial; a Fit with them goes on where the trial is.</summary>
    public TOptions GetOptions(SweepTrial trial) => (TOptions)(SweptOptions.With(baseline, trial.Settings) with { WorkspacePath = folders.Of(trial) });
}

/// <summary>What a sweep found.</summary>
/// <typeparam name="TOptions">The trainer's options.</typeparam>
public sealed class SweepResult<TOptions>
    where TOptions : ImageClassificationOptions
{
    private readonly IReadOnlyList<SweepParameter> _parameters;
    private readonly Func<SweepTrial, TOptions> _optionsOf;

    internal SweepResult(IReadOnlyList<SweepParameter> parameters, IReadOnlyList<SweepTrial> trials, Func<SweepTrial, TOptions> optionsOf)
    {
        (_parameters, _optionsOf) = (parameters, optionsOf);
        Trials = [.. SweepTrial.Ranked(trials)];
    }

    /// <summary>All trials, the best first: those that came further, then those of the higher score.</summary>
    public IReadOnlyList<SweepTrial> Trials { get; }

    /// <summary>The best trial; null where none came to the end of an epoch.</summary>
    public SweepTrial? Best => SweepTrial.Best(Trials);

    /// <summary>
    /// The options of a trial. They name the sweep's folder: a Fit of the pipeline with them gives the trial's model, the best's without training again; the weights of others that came to their
    /// end are not kept.
    /// </summary>
    public TOptions GetOptions(SweepTrial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        return _optionsOf(trial);
    }

    /// <summary>All trials as comma-separated values with a head: trial, state, epochs, score, seconds, error, and each setting.</summary>
    public string ToCsv() => SweepTable.ToCsv(_parameters, Trials);

    /// <summary>Writes one HTML file: parallel coordinates, the importance of each parameter, learning curves and all trials. It loads nothing from anywhere and runs no script.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void SaveReport(string path, string title = "Sweep")
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.Write(path, stream => HtmlPage.Write(stream, title, SweepReport.Of(_parameters, Trials)));
    }
}
