using System.Text;

namespace Microsoft.ML.FeatureMining.Files;

/// <summary>
/// Unicode's normalization form C for names of files and classes: macOS stores accented letters as letter and mark. <see cref="string.Normalize()"/> does
/// nothing in programs without ICU (InvariantGlobalization), and names must be equal in all programs.
/// </summary>
internal static class ComposedText
{
    private const char FirstMark = '\u0300';
    private const int HangulBase = 0xAC00;
    private const int LeadBase = 0x1100;
    private const int VowelBase = 0x1161;
    private const int TailBase = 0x11A7;
    private const int Leads = 19;
    private const int Vowels = 21;
    private const int Tails = 28;

    private static readonly Lazy<Dictionary<(char, char), char>> Pairs = new(() =>
        Compositions.Triples.Chunk(3).ToDictionary(triple => (triple[0], triple[1]), triple => triple[2])
    );

    /// <summary>The text with each letter and its marks as one character, where Unicode has one.</summary>
    public static string Of(string text)
    {
        if (text.All(c => c < FirstMark))
        {
            return text;
        }

        StringBuilder composed = new(text.Length);
        foreach (char c in text)
        {
            if (composed.Length > 0 && Compose(composed[^1], c) is { } one)
            {
                composed[^1] = one;
            }
            else
            {
                composed.Append(c);
            }
        }

        return composed.ToString();
    }

    private static char? Compose(char letter, char mark)
    {
        if (Pairs.Value.TryGetValue((letter, mark), out char one))
        {
            return one;
        }

        (int lead, int vowel, int tail, int syllable) = (letter - LeadBase, mark - VowelBase, mark - TailBase, letter - HangulBase);
        return lead is >= 0 and < Leads && vowel is >= 0 and < Vowels ? (char)(HangulBase + (lead * Vowels + vowel) * Tails)
            : syllable is >= 0 and < Leads * Vowels * Tails && syllable % Tails == 0 && tail is > 0 and < Tails ? (char)(letter + tail)
            : null;
    }
}
