using System.CommandLine;
using System.CommandLine.Parsing;

namespace Samples;

/// <summary>A command line option and the settings it sets.</summary>
/// <param name="Option">The option.</param>
/// <param name="Read">Its value; null if it is not given.</param>
/// <param name="Names">The properties that get the value; <c>Optimizer.Momentum</c> is a property of a part.</param>
internal sealed record Setting(Option Option, Func<ParseResult, object?> Read, params string[] Names)
{
    /// <summary>The property that the trainer's options must have for this option to apply.</summary>
    public string Root => Names[0].Split('.')[0];

    public static Setting Value<T>(string name, string description, params string[] settings)
    {
        // A missing option differs from one with the default of T.
        Option<T> option = new(name) { Description = description };
        return new Setting(option, parsed => parsed.GetResult(option) is null ? null : parsed.GetValue(option), settings);
    }

    /// <summary>A number with bounds outside which only a mistake lies; <c>--set</c> takes any value that the library accepts.</summary>
    public static Setting Number<T>(string name, string description, double min, double max, params string[] settings)
        where T : struct
    {
        Setting setting = Value<T>(name, description, settings);
        ((Option<T>)setting.Option).Between(min, max, $"For a value outside: --set {settings[0]}=VALUE.");
        return setting;
    }

    public static Setting Flag(string name, string description, string setting, bool value)
    {
        Option<bool> option = new(name) { Description = description };
        return new Setting(option, parsed => parsed.GetValue(option) ? value : null, setting);
    }

    public static Setting Part<T>(string name, string setting, string what, IReadOnlyList<string> keys, Func<string, T> create)
        where T : class
    {
        Option<string[]> option = Parts(name, what, keys, create);
        return new Setting(option, parsed => parsed.GetValue(option)?.LastOrDefault() is { } text ? SettingText.Part(text, create) : null, setting);
    }

    /// <summary>An option that names parts of a catalog, with their settings.</summary>
    public static Option<string[]> Parts<T>(string name, string what, IReadOnlyList<string> keys, Func<string, T> create)
        where T : class
    {
        Option<string[]> option = new(name) { Description = $"{what}: KEY or KEY:name=value,... with {string.Join(", ", keys)}." };
        option.Validators.Add(result =>
        {
            try
            {
                foreach (Token token in result.Tokens)
                {
                    SettingText.Part(token.Value, create);
                }
            }
            catch (ArgumentException e)
            {
                result.AddError(e.Message);
            }
        });
        return option;
    }

    /// <summary>Sets the properties if the option is given. The options object must not be shared yet.</summary>
    public void Apply(ParseResult parsed, object options)
    {
        if (Read(parsed) is { } value)
        {
            Array.ForEach(Names, name => SettingText.Set(options, name, value));
        }
    }
}
