using System.Globalization;
using System.Text;

namespace Microsoft.ML.Data;

/// <summary>A confusion matrix as text. Columns are headed by class names, or by class numbers where the names do not fit.</summary>
internal static class ConfusionTable
{
    private const string Predicted = "PREDICTED";

    public static string Format(ConfusionMatrix matrix, string[] names)
    {
        int n = matrix.NumberOfClasses;
        int width = n == 2 ? 8 : 5;
        int longest = names.Max(name => name.Length);
        bool numbered = longest > width;
        int digits = (n - 1).ToString(CultureInfo.InvariantCulture).Length;
        int head = Math.Max(Predicted.Length, numbered ? longest + digits + 2 : longest);
        string rule = string.Concat(Enumerable.Repeat(n > 2 ? "========" : "===========", n));
        var text = new StringBuilder().AppendLine().AppendLine("Confusion table");

        Line("", rule);
        Line(Predicted, string.Concat(names.Select((name, i) => $" {(numbered ? Number(i) : name).PadLeft(width)} |")) + " Recall");
        Line("TRUTH", rule);
        for (int i = 0; i < n; i++)
        {
            string label = numbered ? $"{Number(i).PadLeft(digits)}. {names[i].PadLeft(head - digits - 2)}" : names[i].PadLeft(head);
            string counts = string.Concat(matrix.Counts[i].Select(c => $" {Fixed(c, "N0").PadLeft(width)} |"));
            text.AppendLine($"{label} ||{counts} {Fixed(matrix.PerClassRecall[i], "F4").PadLeft(5)}");
        }

        Line("", rule);
        Line("Precision", string.Concat(matrix.PerClassPrecision.Select(p => $"{Fixed(p, "N4").PadLeft(width + 1)} |")));
        return text.ToString();

        void Line(string label, string rest) => text.AppendLine($"{label.PadRight(head)} ||{rest}");
    }

    private static string Number(int i) => i.ToString(CultureInfo.InvariantCulture);

    private static string Fixed(double value, string format) => value.ToString(format, CultureInfo.CurrentCulture);
}
