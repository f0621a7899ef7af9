using System.CommandLine;
using System.Globalization;

namespace Samples.Tests;

/// <summary>Numbers on the command line mean the same in every culture, and are never taken for another number.</summary>
public sealed class NumberTests
{
    public static TheoryData<string, string, bool> NumberOptions()
    {
        TheoryData<string, string, bool> all = [];
        foreach ((string verb, Command command) in Verbs(Samples.Program.Create(), ""))
        {
            foreach (Option option in command.Options)
            {
                Type type = option.ValueType.IsArray ? option.ValueType.GetElementType()! : option.ValueType;
                type = Nullable.GetUnderlyingType(type) ?? type;
                if (type == typeof(int) || type == typeof(double))
                {
                    all.Add(verb, option.Name, type == typeof(int));
                }
            }
        }

        return all;

        // With the verbs of detect.
        static IEnumerable<(string Name, Command Verb)> Verbs(Command parent, string prefix) =>
            parent.Subcommands.SelectMany(verb => Verbs(verb, $"{prefix}{verb.Name} ").Prepend((prefix + verb.Name, verb)));
    }

    [Theory]
    [MemberData(nameof(NumberOptions))]
    public void AnyNumberOption_WithAComma_IsAnErrorThatSuggestsThePoint(string verb, string option, bool isInteger)
    {
        Assert.Contains(Errors(verb, option, "0,05"), error => error.StartsWith($"{option}: '0,05' is not", StringComparison.Ordinal));
        Assert.Contains(Errors(verb, option, "1,000"), error => error.Contains("Did you mean 1000?", StringComparison.Ordinal));
        Assert.Equal(isInteger, !Errors(verb, option, "0,05").Any(error => error.Contains("Did you mean 0.05?", StringComparison.Ordinal)));
    }

    [Fact]
    public void Number_InACultureWithDecimalCommas_IsReadTheSame()
    {
        CultureInfo before = CultureInfo.CurrentCulture;
        // As de-DE, which programs without ICU do not have.
        CultureInfo german = (CultureInfo)CultureInfo.InvariantCulture.Clone();
        (german.NumberFormat.NumberDecimalSeparator, german.NumberFormat.NumberGroupSeparator) = (",", ".");
        CultureInfo.CurrentCulture = german;
        try
        {
            ParseResult parsed = Samples.Program.Create().Parse(["train", "--images", ".", "--lr", "0.05", "--test-fraction", "1e-1"]);

            Assert.Empty(parsed.Errors);
            Assert.Equal((0.05, 0.1), (parsed.GetValue<double>("--lr"), parsed.GetValue<double>("--test-fraction")));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Theory]
    [InlineData("--lr", "5", "--lr must be from 0 to 1; it is 5. For a value outside: --set LearningRate=VALUE.")]
    [InlineData("--epochs", "-3", "--epochs must be from 0 to 100000; it is -3. For a value outside: --set Epochs=VALUE.")]
    [InlineData("--test-fraction", "20", "--test-fraction must be from 0 to 0.99; it is 20.")]
    [InlineData("--threads", "100000", "--threads must be from 1 to ")]
    [InlineData("--lr", "NaN", "--lr must be from 0 to 1; it is NaN. For a value outside: --set LearningRate=VALUE.")]
    public void ANumberThatOnlyAMistakeGives_IsRefusedWithOneComplaint(string option, string value, string expected) =>
        Assert.StartsWith(expected, Assert.Single(Errors("train", option, value, "--images", ".")), StringComparison.Ordinal);

    [Theory]
    [InlineData("--set", "LearningRate=0,05")]
    [InlineData("--label-noise", "pair:0,2")]
    [InlineData("--schedule", "polynomial:power=0,9")]
    [InlineData("--vary", "WeightDecay=0,0005", "sweep")]
    public void NumbersInSettings_WithAComma_AreRefused(string option, string value, string verb = "train")
    {
        string[] errors = Errors(verb, verb == "train" ? [option, value, "--images", "."] : [option, value]);
        string error =
            errors.Length > 0 ? errors[0] : Assert.Throws<ArgumentException>(() => SettingText.Assign(new FeatureMiningOptionsStub(), value)).Message;

        Assert.Contains(value.Split('=', ':')[^1].Split(',')[^1], error, StringComparison.Ordinal);
    }

    private static string[] Errors(string verb, params string[] words)
    {
        string[] needed = verb switch
        {
            "train" or "inspect" when !words.Contains("--images") => ["--images", "."],
            "sweep" => ["--images", ".", "--folder", "sweep"],
            "evaluate" => ["--model", "a.zip"],
            "predict" => ["--model", "a.zip", "a.png"],
            "ensemble" => ["--model", "a.zip", "--out", "b.zip"],
            "calibrate" => ["--model", "a.zip", "--out", "b.zip", "--images", "."],
            "explain" => ["--model", "a.zip", "--out", "b.html"],
            _ => [],
        };
        return [.. Complaints.Of(Samples.Program.Create().Parse([.. verb.Split(' '), .. needed, .. words]))];
    }

    private sealed class FeatureMiningOptionsStub
    {
        public double LearningRate { get; set; }
    }
}
