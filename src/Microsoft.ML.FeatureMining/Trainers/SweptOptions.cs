using System.Globalization;
using System.Reflection;
using Microsoft.ML.FeatureMining.Files;
using Microsoft.ML.FeatureMining.Parts;
using Microsoft.ML.FeatureMining.Reports;
using Microsoft.ML.FeatureMining.Sweeps;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.SearchSpace;

namespace Microsoft.ML.FeatureMining.Trainers;

/// <summary>Sets properties of options by name; <c>Optimizer.Momentum</c> is a property of a part.</summary>
internal static class SweptOptions
{
    /// <summary>Returns a changed copy of the options.</summary>
    /// <exception cref="ArgumentException">The property does not exist, or the value has the wrong type.</exception>
    public static TOptions With<TOptions>(TOptions options, IEnumerable<KeyValuePair<string, object>> settings)
        where TOptions : ImageClassificationOptions =>
        settings.Aggregate(options, (changed, setting) => (TOptions)With(changed, setting.Key, setting.Key.Split('.'), setting.Value));

    private static object With(object settings, string name, ReadOnlySpan<string> path, object value)
    {
        PropertyInfo property = PropertyOf(settings.GetType(), path[0], name);
        object? set =
            path.Length == 1
                ? ValueFor(property, value)
                : With(
                    property.GetValue(settings) ?? throw new ArgumentException($"'{name}' cannot be set because {property.Name} is null."),
                    name,
                    path[1..],
                    value
                );
        object copy = Copy(settings);
        property.SetValue(copy, set, BindingFlags.DoNotWrapExceptions, null, null, null);
        return copy;
    }

    // The method that a `with` expression calls.
    private static object Copy(object record) =>
        record.GetType().GetMethod("<Clone>$") is { } clone
            ? clone.Invoke(record, BindingFlags.DoNotWrapExceptions, null, null, null)!
            : throw new ArgumentException($"{record.GetType().Name} is not a record, so a sweep cannot vary its settings.");

    private static PropertyInfo PropertyOf(Type type, string property, string name) =>
        type.GetProperty(property) is { CanWrite: true } found
            ? found
            : throw new ArgumentException(
                $"{type.Name} has no settable property '{property}' (in '{name}').{Spelling.Hint(property, type.GetProperties().Select(other => other.Name))}"
            );

    // Of a part that is not set, the properties that all parts of its kind have.
    private static bool HasProperty(Type type, object? settings, ReadOnlySpan<string> path)
    {
        if ((settings?.GetType() ?? type).GetProperty(path[0]) is not { } property)
        {
            return false;
        }

        return path.Length == 1 || HasProperty(property.PropertyType, settings is null ? null : property.GetValue(settings), path[1..]);
    }

    /// <summary>Lists the problems of parameters, and of the names of excluded ones, for such options.</summary>
    public static IEnumerable<string> Problems(ImageClassificationOptions options, IReadOnlyList<SweepParameter> parameters, IEnumerable<string> excluded)
    {
        if (parameters.Count == 0)
        {
            yield return "The sweep has no parameters to vary; set Parameters, or exclude fewer.";
        }

        foreach (string name in excluded.Where(name => !HasProperty(options.GetType(), options, name.Split('.'))))
        {
            yield return $"{options.GetType().Name} has no property '{name}'; correct {nameof(SweepSettings.ExcludedParameters)}.";
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
            {
                yield return problem;
            }
        }
    }

    /// <summary>Lists the problems that no parameter value can solve, so that every trial would fail.</summary>
    public static IEnumerable<string> ProblemsOfEveryTrial(ImageClassificationOptions options, IReadOnlyList<SweepParameter> parameters) =>
        OptionsCheck
            .Problems(options)
            .Intersect(OptionsCheck.Problems(With(options, parameters.Select(parameter => KeyValuePair.Create(parameter.Name, parameter.ValueAt(0.5))))));

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
            throw new ArgumentException($"'{value}' is not a valid value of {property.Name}, which has type {type.Name}.", e);
        }
    }
}

/// <summary>Gets sweep parameters from ML.NET's search space attributes on options.</summary>
internal static class AttributeParameters
{
    // Not a parameter: successive halving decides how many epochs a trial runs.
    private const string Epochs = nameof(ImageClassificationOptions.Epochs);

    /// <summary>The properties with such attributes, of the options and of their head, loss and optimizer, ordered by name, without Epochs.</summary>
    public static IReadOnlyList<SweepParameter> Of(ImageClassificationOptions options)
    {
        (string Prefix, object? Part)[] parts = [("", options), ("Head.", options.Head), ("Loss.", options.Loss), ("Optimizer.", options.Optimizer)];
        return
        [
            .. parts
                .Where(part => part.Part is not null)
                .SelectMany(part => part.Part!.GetType().GetProperties().Select(property => Of(property, part.Prefix + property.Name)))
                .OfType<SweepParameter>()
                .Where(parameter => parameter.Name != Epochs)
                .OrderBy(parameter => parameter.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>The subset that can vary: not excluded, and valid in combination with the other options.</summary>
    public static IReadOnlyList<SweepParameter> Of(ImageClassificationOptions options, IEnumerable<string> excluded)
    {
        // Excluding a part excludes all of its settings.
        bool IsExcluded(string name) => excluded.Any(other => name == other || name.StartsWith(other + ".", StringComparison.Ordinal));
        int problems = OptionsCheck.Problems(options).Count();
        return
        [
            .. Of(options)
                .Where(parameter =>
                    !IsExcluded(parameter.Name)
                    && parameter
                        .Grid(2)
                        .All(value => OptionsCheck.Problems(SweptOptions.With(options, [KeyValuePair.Create(parameter.Name, value)])).Count() <= problems)
                ),
        ];
    }

    private static SweepParameter? Of(PropertyInfo property, string name)
    {
        if (property.GetCustomAttribute<SearchRangeAttribute>() is { } range)
        {
            return new NumberParameter(
                name,
                Convert.ToDouble(range.Min, CultureInfo.InvariantCulture),
                Convert.ToDouble(range.Max, CultureInfo.InvariantCulture),
                range.LogBase,
                property.PropertyType == typeof(int)
            );
        }

        if (property.GetCustomAttribute<ChoiceAttribute>() is { } choice)
        {
            return new ChoiceParameter(name, choice.Candidates);
        }

        return property.GetCustomAttribute<BooleanChoiceAttribute>() is null ? null : new ChoiceParameter(name, false, true);
    }
}

/// <summary>Trains a trial as a Fit in a workspace. The Fit is canceled when the trial pauses and resumed when the trial is promoted.</summary>
internal sealed class TrialTrainer<TOptions>(IDataView rows, TOptions baseline, TrialFolders folders, Func<TOptions, IEstimator<ITransformer>> pipeline)
    where TOptions : ImageClassificationOptions
{
    public TrialRun Train(SweepTrial trial, int until, CancellationToken token)
    {
        using CancellationTokenSource pause = CancellationTokenSource.CreateLinkedTokenSource(token);
        TOptions settings = GetOptions(trial);
        TOptions observed = (TOptions)(
            settings with
            {
                CancellationToken = pause.Token,
                OnCancellation = CancellationBehavior.ReturnModel,
                // Processes share the trials by the journal, however they were started.
                Distributed = settings.Distributed with
                {
                    Enabled = false,
                },
                Progress = progress =>
                {
                    settings.Progress?.Invoke(progress);
                    if (progress.Completed is { } epoch && epoch.Epoch >= until && epoch.Epoch < progress.Epochs)
                    {
                        pause.Cancel();
                    }
                },
            }
        );
        using ImageClassificationTransformer classifier = TransformerChains.ClassifierOf(pipeline(observed).Fit(rows));
        IEnumerable<TrialEpoch> curve = classifier.Model.History.Select(epoch => new TrialEpoch(
            epoch.Epoch,
            epoch.ValidationAccuracy
                ?? throw new InvalidOperationException(
                    "A sweep compares validation accuracies, but the trainer did not validate. Use the options that the pipeline function receives."
                )
        ));
        return new TrialRun([.. curve], classifier.Model.End != TrainingEnd.Canceled);
    }

    /// <summary>The options of a trial; a Fit with them resumes the trial.</summary>
    public TOptions GetOptions(SweepTrial trial) => (TOptions)(SweptOptions.With(baseline, trial.Settings) with { WorkspacePath = folders.Of(trial) });
}

/// <summary>The result of a sweep.</summary>
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

    /// <summary>All trials, the best first: ordered by epochs reached, then by score.</summary>
    public IReadOnlyList<SweepTrial> Trials { get; }

    /// <summary>The best trial; null if no trial finished an epoch.</summary>
    public SweepTrial? Best => SweepTrial.Best(Trials);

    /// <summary>
    /// The options of a trial. Their workspace is in the sweep's folder, so a Fit of the pipeline with them returns the model of the trial. For the best trial
    /// this needs no training; the weights of other finished trials are not kept, so they are trained again.
    /// </summary>
    public TOptions GetOptions(SweepTrial trial)
    {
        ArgumentNullException.ThrowIfNull(trial);
        return _optionsOf(trial);
    }

    /// <summary>All trials as CSV with a header line. Columns: trial, state, epochs, score, seconds, error, and each setting.</summary>
    public string ToCsv() => SweepTable.ToCsv(_parameters, Trials);

    /// <summary>
    /// Writes an HTML report: parallel coordinates, parameter importance, learning curves and a table of all trials. The file is self-contained: it loads
    /// nothing and runs no script.
    /// </summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void SaveReport(string path, string title = "Sweep")
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        AtomicFile.Write(path, stream => HtmlPage.Write(stream, title, SweepReport.Of(_parameters, Trials)));
    }
}
