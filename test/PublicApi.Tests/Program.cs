using Microsoft.ML;
using Microsoft.ML.Data;
using PublicApi.Tests.Own;

namespace PublicApi.Tests;

/// <summary>A process that loads a model: <c>score MODEL</c> with this project's parts registered, <c>score-bare MODEL</c> without.</summary>
internal static class Program
{
    public static int Main(string[] args)
    {
        if (args[0] == "score")
        {
            OwnParts.Register();
        }

        MLContext ml = new();
        try
        {
            Console.Write(Text(Scores(ml, ml.Model.Load(args[1], out _))));
            return 0;
        }
        catch (Exception e)
        {
            Console.Write(e.GetBaseException().Message);
            return 1;
        }
    }

    public static float[][] Scores(MLContext ml, ITransformer model) => [.. model.Transform(Bands.Encoded(ml, count: 8)).GetColumn<float[]>("Score")];

    /// <summary>To the last bit.</summary>
    public static string Text(float[][] scores) => string.Join(' ', scores.SelectMany(row => row).Select(BitConverter.SingleToInt32Bits));
}
