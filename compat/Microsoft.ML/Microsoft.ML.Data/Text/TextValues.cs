using System.Globalization;
using Microsoft.ML.Runtime;

namespace Microsoft.ML.Data;

/// <summary>Values from fields. A missing or empty number is 0, one that cannot be read NaN where the type has it.</summary>
internal static class TextValues
{
    private static readonly HashSet<string> _true = new(StringComparer.OrdinalIgnoreCase) { "true", "t", "yes", "y", "on", "1", "+1", "+" };
    private static readonly HashSet<string> _false = new(StringComparer.OrdinalIgnoreCase) { "", "false", "f", "no", "n", "off", "0", "-1", "-" };

    public static T Parse<T>(string field, int line, string column)
    {
        if (typeof(T) == typeof(ReadOnlyMemory<char>))
            return (T)(object)field.AsMemory();
        string text = field.Trim();
        if (TryParse(text, out T value))
            return value;
        throw Contracts.ExceptDecode($"Could not parse value {text} in line {line}, column {column}");
    }

    private static bool TryParse<T>(string text, out T value)
    {
        value = default;
        if (typeof(T) == typeof(bool))
        {
            value = (T)(object)_true.Contains(text);
            return _true.Contains(text) || _false.Contains(text);
        }

        if (text.Length == 0)
            return true;
        if (typeof(T) == typeof(float))
            value = (T)(object)(float.TryParse(text, CultureInfo.InvariantCulture, out float single) ? single : float.NaN);
        else if (typeof(T) == typeof(double))
            value = (T)(object)(double.TryParse(text, CultureInfo.InvariantCulture, out double number) ? number : double.NaN);
        else
            return TryConvert(text, out value);
        return true;
    }

    private static bool TryConvert<T>(string text, out T value)
    {
        try
        {
            value = (T)Convert.ChangeType(text, typeof(T), CultureInfo.InvariantCulture);
            return true;
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            value = default;
            return false;
        }
    }
}
