using System.Runtime.InteropServices;
using Microsoft.ML.FeatureMining.Distributed;
using Microsoft.ML.FeatureMining.MlNet;
using Microsoft.ML.FeatureMining.Native;
using Microsoft.ML.FeatureMining.Training;
using Microsoft.ML.Runtime;
using TorchSharp;

namespace Microsoft.ML.FeatureMining.Trainers;

/// <summary>Runs a Fit together with the other processes of the job, if there are any.</summary>
internal static class FitJob
{
    /// <exception cref="RankFailedException">Another process of the job failed or does not answer.</exception>
    public static T Run<T>(IHostEnvironment environment, IHost host, ImageTrainerOptions options, Func<FitRun, T> fit)
    {
        using IChannel channel = host.Start("Training");
        using IDisposable busy = DistributedJob.Busy();
        ICommunicator ranks = DistributedJob.Join(options.Distributed);
        try
        {
            (ranks, torch.Device device) = DistributedJob.OnDevice(ranks, ComputeDevice.Of(environment));
            using JobFolder? folder = ranks.World == 1 ? null : JobFolder.Create(ranks, DistributedJob.FirstLocalRank);
            return Run(new FitRun(host, channel, options, device, ranks, folder), fit);
        }
        // The filter only tells the other ranks.
        catch (Exception e) when (!TellOthers(ranks, e))
        {
            throw;
        }
    }

    private static T Run<T>(FitRun run, Func<FitRun, T> fit)
    {
        try
        {
            return fit(run);
        }
        catch (ExternalException e) when (NativeError.HasTrace(e))
        {
            run.Trace(e.Message);
            throw NativeError.WithoutTrace(e);
        }
    }

    // Errors that all ranks have at the same time need no telling, and training can go on with another Fit.
    private static bool TellOthers(ICommunicator ranks, Exception error)
    {
        if (ranks.World > 1 && error is not (TrainingDivergedException or OperationCanceledException or ArgumentException or RankFailedException))
        {
            ranks.Abort(NativeError.FirstLine(error));
        }

        return true;
    }
}
