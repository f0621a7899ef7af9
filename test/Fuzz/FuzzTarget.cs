using System.Text;
using Microsoft.ML.FeatureMining.Training.Runs;

namespace Fuzz;

/// <summary>Code that reads what may come from a stranger. For any bytes it ends soon, with a result or an error for the user.</summary>
internal abstract class FuzzTarget
{
    /// <summary>The name on the command line, and of the folder of the corpus.</summary>
    public abstract string Name { get; }

    /// <summary>Valid files to start from.</summary>
    public abstract IEnumerable<byte[]> Seeds();

    /// <exception cref="Exception">The code has a fault: it threw what is not an error for the user.</exception>
    public void Run(byte[] input)
    {
        try
        {
            Read(input);
        }
        catch (Exception e) when (IsRefusal(e) && e.Message.Length > 0)
        {
            // The file is refused, with a reason.
        }
    }

    protected abstract void Read(byte[] input);

    /// <summary>Whether it is the documented error about a file.</summary>
    protected virtual bool IsRefusal(Exception error) => error is InvalidDataException or NewerFormatException;

    protected static byte[] Utf8(string text) => Encoding.UTF8.GetBytes(text);
}

/// <summary>Code that takes the path of a file.</summary>
internal abstract class FileTarget(string extension) : FuzzTarget
{
    // In memory where there is such a folder, because a million files are written.
    private readonly string _path = Path.Combine(
        Directory.Exists("/dev/shm") ? "/dev/shm" : Path.GetTempPath(),
        $"mlnetfm-fuzz-{Environment.ProcessId}{extension}"
    );

    protected sealed override void Read(byte[] input)
    {
        try
        {
            File.WriteAllBytes(_path, input);
            ReadFile(_path);
        }
        finally
        {
            File.Delete(_path);
        }
    }

    protected abstract void ReadFile(string path);
}
