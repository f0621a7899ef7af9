using Microsoft.ML;

namespace TestPrograms;

/// <summary>SaveLoop MODEL TARGET: saves one model over and over until it is killed. Says "ready" when the first save is done.</summary>
internal static class SaveLoop
{
    public static void Run(string[] args)
    {
        MLContext ml = new();
        ITransformer model = ml.Model.Load(args[0], out DataViewSchema schema);
        ml.Model.SaveAtomic(model, schema, args[1]);
        Console.WriteLine("ready");
        while (true)
            ml.Model.SaveAtomic(model, schema, args[1]);
    }
}
