namespace Samples.Reproduce;

/// <summary>What all rows of an experiment share at a scale.</summary>
/// <param name="What">In words, for the reader of the result.</param>
/// <param name="Test">The held-out pictures, as options without their dashes and prefix. <c>{name}</c> stands for a data set's folder (<see cref="ExperimentData"/>).</param>
/// <param name="Arguments">Of <c>train</c>.</param>
/// <param name="Replacements">What <c>{name}</c> in a row's arguments stands for at this scale: smaller networks and the like.</param>
internal sealed record Recipe(string What, string Test, string Arguments, IReadOnlyDictionary<string, string>? Replacements = null)
{
    // May be given more than once.
    private static readonly string[] Repeatable = ["set", "strategy", "augment"];

    /// <summary>The arguments of a row of this recipe. What the row says counts before what the recipe says.</summary>
    public string Of(Row row)
    {
        string[] own = Options(Replace(row.Arguments));
        IEnumerable<string> shared = Options($"{Arguments} --test-{Test}").Where(option => Repeatable.Contains(Name(option)) || !own.Any(given => Name(given) == Name(option)));
        return string.Concat(shared.Concat(own).Select(option => $" --{option}")).TrimStart();
    }

    /// <summary>A text with the <c>{name}</c>s of this scale in it.</summary>
    public string Replace(string text) => Replacements is null ? text : Placeholders.Fill(text, Replacements);

    /// <summary>The options of a command line with their values, without their dashes.</summary>
    public static string[] Options(string arguments) => [.. $" {arguments}".Split(" --", StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries)];

    private static string Name(string option) => option.Split(' ')[0];
}
