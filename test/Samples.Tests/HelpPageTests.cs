using System.CommandLine;

namespace Samples.Tests;

/// <summary>The help of each verb fits a screen, and misses nothing.</summary>
public sealed class HelpPageTests
{
    public static TheoryData<string> Verbs() => [.. Program.Create().Subcommands.Select(verb => verb.Name)];

    [Theory]
    [MemberData(nameof(Verbs))]
    public void HelpOfAVerb_HasFewerThan60LinesGroupsAndAnExample(string name)
    {
        Command verb = Verb(name);

        string[] lines = HelpPage.Of(verb, all: false).TrimEnd().Split('\n');

        Assert.True(lines.Length < 60, $"{lines.Length} lines.");
        Assert.Contains("Example", lines.Select(line => line.Trim()));
        Assert.All(
            verb.Options.Where(option => option.Required),
            option => Assert.Contains(lines, line => line.Contains(option.Name, StringComparison.Ordinal))
        );
        Assert.All(verb.Options, option => Assert.NotEqual("Other", HelpPage.GroupOf(Merged(option.Name))));
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void HelpAll_NamesEveryOption(string name)
    {
        Command verb = Verb(name);

        string page = HelpPage.Of(verb, all: true);

        Assert.All(verb.Options, option => Assert.Contains(option.Name, page, StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(Verbs))]
    public void Example_IsUnderstood(string name)
    {
        string line = HelpPage.Of(Verb(name), all: false).Split('\n').SkipWhile(line => line.Trim() != "Example").ElementAt(1).Trim();

        Assert.Empty(Complaints.Of(Program.Create().Parse(line.Split(' '))));
    }

    [Fact]
    public void Help_ShowsDefaults() => Assert.Contains("(default 5)", HelpPage.Of(Verb("evaluate"), all: false), StringComparison.Ordinal);

    [Fact]
    public void HelpOfTheProgram_NamesEveryVerb()
    {
        string page = HelpPage.OfProgram();

        Assert.All(Program.Create().Subcommands, verb => Assert.Contains($"  {verb.Name} ", page, StringComparison.Ordinal));
    }

    private static Command Verb(string name) => Program.Create().Subcommands.Single(verb => verb.Name == name);

    // These share the line of another option.
    private static string Merged(string option) =>
        option == "--cifar100" ? "--cifar10"
        : option.StartsWith("--test-", StringComparison.Ordinal) && option != "--test-fraction" ? "--test-images"
        : option.StartsWith("--patch-", StringComparison.Ordinal) ? "--patch-images"
        : option;
}
