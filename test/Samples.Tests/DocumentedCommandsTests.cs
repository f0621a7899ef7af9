using System.CommandLine;
using System.CommandLine.Parsing;
using System.Text.RegularExpressions;

namespace Samples.Tests;

/// <summary>The commands in README.md and the other pages are ones that the program understands.</summary>
public sealed class DocumentedCommandsTests
{
    private const string Program = "--project src/Samples -- ";

    [Fact]
    public void Commands_OnAllPages_Parse()
    {
        string root = Root();
        string[] pages = [.. Directory.EnumerateFiles(root, "*.md"), .. Directory.EnumerateFiles(Path.Combine(root, "docs"), "*.md")];
        (string Page, string Command)[] commands =
        [
            .. from page in pages from command in Commands(File.ReadAllText(page)) select (Path.GetFileName(page), command),
        ];

        Assert.True(commands.Length > 20, $"Only {commands.Length} commands were found.");
        Assert.All(
            commands,
            entry =>
            {
                string[] words =
                [
                    .. Regex.Matches(entry.Command, "\"([^\"]*)\"|\\S+").Select(word => word.Groups[1].Success ? word.Groups[1].Value : word.Value),
                ];
                ParseResult parsed = Samples.Program.Create().Parse(words);
                // A misspelled option is an argument where a verb takes any number of them. Options of sbatch are the value of an option.
                Token[] ofSbatch = [.. parsed.GetResult("--slurm") is OptionResult slurm ? slurm.Tokens : []];
                IEnumerable<string> arguments = parsed.Tokens.Where(token => token.Type == TokenType.Argument).Except(ofSbatch).Select(token => token.Value);
                IEnumerable<string> unknown = arguments.Where(argument => argument.StartsWith("--", StringComparison.Ordinal));
                string[] problems = [.. parsed.Errors.Select(error => error.Message), .. unknown];
                Assert.True(problems.Length == 0, $"{entry.Page}: {entry.Command}: {string.Join(' ', problems)}");
            }
        );
    }

    // In blocks without a language or with sh. A line that ends with a backslash continues.
    private static IEnumerable<string> Commands(string page) =>
        from block in Regex.Matches(page, "^```(\\w*)\n(.*?)^```", RegexOptions.Singleline | RegexOptions.Multiline)
        where block.Groups[1].Value is "" or "sh"
        from line in block.Groups[2].Value.Replace("\\\n", " ", StringComparison.Ordinal).Split('\n')
        let start = line.IndexOf(Program, StringComparison.Ordinal)
        where start >= 0
        select Regex.Replace(line[(start + Program.Length)..], @"\s#.*$", "").Trim();

    private static string Root()
    {
        DirectoryInfo folder = new(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(folder.FullName, "MlNetFm.sln")))
        {
            folder = folder.Parent ?? throw new InvalidOperationException("The repository is not above the tests.");
        }

        return folder.FullName;
    }
}
