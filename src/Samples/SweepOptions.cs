using System.CommandLine;
using System.Text;
using Microsoft.ML.FeatureMining;
using Microsoft.ML.FeatureMining.Sweeps;
using Microsoft.ML.FeatureMining.Trainers;

namespace Samples;

/// <summary>The options of <c>sweep</c> for the search itself.</summary>
internal sealed class SweepOptions
{
    private readonly Option<DirectoryInfo> _folder = new("--folder")
    {
        Description = "Where the sweep keeps its journal and its runs. Several processes may share one folder.",
        Required = true,
    };
    private readonly Option<string[]> _vary = new("--vary")
    {
        Description =
            "Options to vary: NAME=MIN:MAX, NAME=MIN:MAX:log, or NAME=A,B,C, with the option's name in the library, e.g. LearningRate=0.001:1:log. Default: all options that have a range and are not given on the command line.",
        AllowMultipleArgumentsPerToken = true,
    };

    private readonly Option<SweepSampler> _sampler = new("--sampler")
    {
        Description = "How the settings of the trials are chosen.",
        DefaultValueFactory = _ => SweepSampler.TreeParzen,
    };
    private readonly Option<int> _steps = new("--grid-steps") { Description = "Number of values per numeric option in a grid.", DefaultValueFactory = _ => 3 };
    private readonly Option<int> _trials = new("--trials") { Description = "Maximum number of trials.", DefaultValueFactory = _ => 30 };
    private readonly Option<double?> _minutes = new("--minutes") { Description = "Maximum time in minutes, including earlier parts of a resumed sweep." };
    private readonly Option<int> _firstStop = new("--min-epochs")
    {
        Description = "Minimum epochs of each trial (successive halving); 0 trains each trial to its end.",
        DefaultValueFactory = _ => 1,
    };
    private readonly Option<int> _reduction = new("--reduction")
    {
        Description = "Reduction factor of successive halving: one in this many trials continues, to this many times the epochs.",
        DefaultValueFactory = _ => 3,
    };
    private readonly Option<FileInfo?> _csv = new("--csv") { Description = "Where to write all trials as CSV." };
    private readonly Option<FileInfo?> _html = new("--out") { Description = "Where to write the report as an HTML file." };

    public SweepOptions()
    {
        _steps.Between(1, 1000);
        _trials.Between(1, 1_000_000);
        _minutes.Between(0, 1e6);
        _firstStop.Between(0, int.MaxValue);
        _reduction.Between(2, 1000);
        _vary.Validators.Add(result =>
        {
            try
            {
                _ = result.Tokens.Select(token => ParameterOf(token.Value, typeof(ImageClassificationOptions))).ToArray();
            }
            catch (Exception e) when (e is ArgumentException or FormatException)
            {
                result.AddError(e.Message);
            }
        });
    }

    public void AddTo(Command command) =>
        Array.ForEach<Option>([_folder, _vary, _sampler, _steps, _trials, _minutes, _firstStop, _reduction, _csv, _html], command.Options.Add);

    /// <param name="parsed">The command line.</param>
    /// <param name="options">The type of the trainer's options.</param>
    public SweepSettings Settings(ParseResult parsed, Type options) =>
        new()
        {
            Folder = parsed.GetRequiredValue(_folder).FullName,
            Parameters = [.. (parsed.GetValue(_vary) ?? []).Select(text => ParameterOf(text, options))],
            Sampler = parsed.GetValue(_sampler),
            GridSteps = parsed.GetValue(_steps),
            Trials = parsed.GetValue(_trials),
            TimeLimit = parsed.GetValue(_minutes) is { } minutes ? TimeSpan.FromMinutes(minutes) : null,
            Halving =
                parsed.GetValue(_firstStop) == 0
                    ? null
                    : new SuccessiveHalving { MinEpochs = parsed.GetValue(_firstStop), Reduction = parsed.GetValue(_reduction) },
        };

    public DirectoryInfo Folder(ParseResult parsed) => parsed.GetRequiredValue(_folder);

    public int Trials(ParseResult parsed) => parsed.GetValue(_trials);

    /// <summary>Tries, before the images are read, whether everything can be saved.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="model">The file of the model; null not to save it.</param>
    /// <param name="read">The files that are read.</param>
    public void TryOutputs(ParseResult parsed, FileInfo? model, IEnumerable<(string Option, FileInfo? File)> read)
    {
        OutputPath.TryFolder("--folder", parsed.GetValue(_folder));
        OutputPath.KeepApart([("--model", model), ("--csv", parsed.GetValue(_csv)), ("--out", parsed.GetValue(_html))], [.. read]);
        OutputPath.TryFile("--model", model);
        OutputPath.TryFile("--csv", parsed.GetValue(_csv));
        OutputPath.TryFile("--out", parsed.GetValue(_html));
    }

    public void Write(ParseResult parsed, SweepResult<ImageClassificationOptions> result)
    {
        if (parsed.GetValue(_csv) is { } csv)
        {
            OutputFile.Write(csv.FullName, Encoding.UTF8.GetBytes(result.ToCsv()));
            Console.WriteLine($"Wrote {csv.FullName}.");
        }

        if (parsed.GetValue(_html) is { } html)
        {
            result.SaveReport(html.FullName);
            Console.WriteLine($"Wrote {html.FullName}.");
        }
    }

    private static SweepParameter ParameterOf(string text, Type options)
    {
        string[] parts = text.Split('=', 2);
        if (parts.Length < 2)
        {
            throw new ArgumentException($"'{text}' is not valid. Write NAME=MIN:MAX, NAME=MIN:MAX:log, or NAME=A,B,C.");
        }

        string[] ends = parts[1].Split(':');
        return ends.Length == 1
            ? new ChoiceParameter(parts[0], [.. parts[1].Split(',').Select(Choice)])
            : new NumberParameter(
                parts[0],
                Number(ends[0]),
                Number(ends[1]),
                ends.ElementAtOrDefault(2) == "log",
                options.GetProperty(parts[0])?.PropertyType == typeof(int)
            );

        // 0,05 is no choice of 0 and 5.
        string Choice(string value) =>
            value is ['0', >= '0' and <= '9', ..]
                ? throw new ArgumentException($"'{text}': '{value}' is not a number. Use a decimal point; commas separate the values.")
                : value;

        static double Number(string value) => NumberText.Parse<double>(value);
    }
}
