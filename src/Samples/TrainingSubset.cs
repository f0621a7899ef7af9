using System.CommandLine;
using System.Globalization;
using Microsoft.ML;
using Microsoft.ML.FeatureMining.MlNet.Reading;

namespace Samples;

/// <summary>The options that make classes and training pictures fewer or labels wrong, for experiments.</summary>
internal sealed class TrainingSubset
{
    private readonly Option<int?> _classes = new("--classes") { Description = "Train and measure on so many classes only, the first by name." };
    private readonly Option<int?> _perClass = new("--samples-per-class") { Description = "Train on so many pictures of each class, drawn by the seed." };
    private readonly Option<(LabelNoise Kind, double Rate)?> _noise = new("--label-noise")
    {
        Description = "Make labels of the training pictures wrong: symmetric:RATE, any other class, or pair:RATE, the next one.",
        CustomParser = result =>
        {
            string[] halves = result.Tokens[0].Value.Split(':', 2);
            if (halves.Length == 2 && Enum.TryParse(halves[0], ignoreCase: true, out LabelNoise kind) && double.TryParse(halves[1], CultureInfo.InvariantCulture, out double rate) && rate is >= 0 and <= 1)
            {
                return (kind, rate);
            }

            result.AddError("--label-noise is symmetric:RATE or pair:RATE with a rate in [0, 1].");
            return null;
        },
    };

    public void AddTo(Command command)
    {
        command.Options.Add(_classes);
        command.Options.Add(_perClass);
        command.Options.Add(_noise);
    }

    /// <summary>Of training and held-out pictures, what belongs to the classes that are asked for.</summary>
    public IDataView ClassesOf(ParseResult parsed, MLContext ml, IDataView rows) => parsed.GetValue(_classes) is { } count ? ml.Data.TakeClasses(rows, count) : rows;

    /// <summary>Of training pictures, what is asked for.</summary>
    public IDataView Of(ParseResult parsed, MLContext ml, IDataView rows, int? seed)
    {
        IDataView taken = parsed.GetValue(_perClass) is { } count ? ml.Data.TakeRowsPerClass(rows, count, seed: seed ?? 0) : rows;
        return parsed.GetValue(_noise) is var (kind, rate) ? ml.Data.AddLabelNoise(taken, rate, kind, seed: seed ?? 0) : taken;
    }
}
