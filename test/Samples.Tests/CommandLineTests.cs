using System.CommandLine;
using System.CommandLine.Completions;
using System.Globalization;

namespace Samples.Tests;

/// <summary>
/// Verbs, arguments and options of the command line are approved in CommandLine.verified.txt, because scripts depend on them. When you change them on
/// purpose, run this test and rename the CommandLine.received.txt that it writes.
/// </summary>
public sealed class CommandLineTests
{
    [Fact]
    public void Verbs_AreThoseThatWereApproved()
    {
        string folder = SourceFolder();
        string approved = Path.Combine(folder, "CommandLine.verified.txt"),
            received = Path.Combine(folder, "CommandLine.received.txt");
        string[] expected = File.Exists(approved) ? File.ReadAllLines(approved) : [];

        string[] actual = [.. Describe(Program.Create())];

        if (expected.SequenceEqual(actual))
        {
            File.Delete(received);
            return;
        }

        File.WriteAllLines(received, actual);
        IEnumerable<string> difference = expected.Except(actual).Select(line => $"- {line}").Concat(actual.Except(expected).Select(line => $"+ {line}"));
        Assert.Fail($"The command line is not the approved one:\n{string.Join('\n', difference)}\nIf this is on purpose: mv {received} {approved}");
    }

    // Each line has the verb, so that it can be read, and compared, by itself.
    private static IEnumerable<string> Describe(Command command) =>
        [
            .. command
                .Subcommands.OrderBy(verb => verb.Name, StringComparer.Ordinal)
                .SelectMany(verb =>
                    (IEnumerable<string>)
                        [
                            verb.Name,
                            .. verb.Arguments.Select(argument => $"{verb.Name} {Describe(argument)}"),
                            .. verb.Options.OrderBy(option => option.Name, StringComparer.Ordinal).Select(option => $"{verb.Name} {Describe(option)}"),
                            .. Describe(verb).Select(line => $"{verb.Name} {line}"),
                        ]
                ),
        ];

    private static string Describe(Argument argument)
    {
        string text = $"<{argument.Name}>{Arity(argument.Arity)} {Values(argument.ValueType, argument.GetCompletions)}";
        return argument.HasDefaultValue ? text + Default(argument.GetDefaultValue()) : text;
    }

    private static string Describe(Option option)
    {
        string names = string.Join('|', option.Aliases.Order(StringComparer.Ordinal).Prepend(option.Name));
        string text = $"{names}{Arity(option.Arity)} {Values(option.ValueType, option.GetCompletions)}";
        // The default number of threads is that of this machine's cores.
        return option.Required ? $"{text} required"
            : option.Name == "--threads" ? $"{text} = all cores"
            : option.HasDefaultValue ? text + Default(option.GetDefaultValue())
            : text;
    }

    private static string Default(object? value) => value is Array { Length: 0 } ? "" : $" = {Text(value)}";

    // Where only some words are accepted, these.
    private static string Values(Type type, Func<CompletionContext, IEnumerable<CompletionItem>> completions) =>
        type == typeof(string) && completions(CompletionContext.Empty).Select(item => item.Label).ToArray() is { Length: > 0 } words
            ? string.Join('/', words)
            : TypeName(type);

    private static string Arity(ArgumentArity arity) =>
        (arity.MinimumNumberOfValues, arity.MaximumNumberOfValues) switch
        {
            (1, 1) => "",
            (int min, int max) when max >= 1000 => $"[{min}..]",
            (int min, int max) => $"[{min}..{max}]",
        };

    private static string TypeName(Type type) =>
        Nullable.GetUnderlyingType(type) is { } bare ? TypeName(bare)
        : type.IsArray ? TypeName(type.GetElementType()!)
        : type.IsEnum ? string.Join('/', Enum.GetNames(type))
        : type.IsGenericType ? string.Join(':', type.GetGenericArguments().Select(TypeName))
        : type.Name;

    private static string Text(object? value) =>
        value switch
        {
            Array values => string.Join(' ', values.Cast<object>().Select(Text)),
            FileSystemInfo file => file.ToString(),
            _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
        };

    private static string SourceFolder()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "MlNetFm.sln")))
            {
                return Path.Combine(folder.FullName, "test", "Samples.Tests");
            }
        }

        throw new DirectoryNotFoundException("The tests do not lie in the source tree, which has the approved command line.");
    }
}
