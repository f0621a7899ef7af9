using System.Globalization;

namespace Samples;

/// <summary>One line that rewrites itself on a terminal; a line each tenth elsewhere.</summary>
internal sealed class DownloadBar : IProgress<DownloadProgress>
{
    private const int Cells = 24;
    private const double Mebi = 1 << 20;

    private int _tenth = -1;

    public void Report(DownloadProgress value)
    {
        double share = value.Total > 0 ? (double)value.Bytes / value.Total.Value : 0;
        string total = value.Total is { } bytes ? string.Create(CultureInfo.InvariantCulture, $" of {bytes / Mebi:f1}") : "";
        string text = string.Create(CultureInfo.InvariantCulture, $"{value.Bytes / Mebi:f1}{total} MiB");
        if (!Console.IsOutputRedirected)
        {
            int full = (int)(share * Cells);
            Console.Write($"\r{new string('━', full)}{new string('─', Cells - full)} {text}{(share >= 1 ? Environment.NewLine : "")}");
        }
        else if ((int)(share * 10) is var tenth && tenth > _tenth)
        {
            _tenth = tenth;
            Console.WriteLine(text);
        }
    }
}
