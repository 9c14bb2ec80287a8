#include "tests/support/fake_runner_jobs.h"

#include <algorithm>
#include <csignal>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace paws::fake {

void Jobs::add(const Work& work) {
    queue_.push_back(work);
    next();
}

void Jobs::next() {
    if (job_ || queue_.empty()) {
        return;
    }
    Running job{.work = queue_.front(), .worker = 0, .guid = new_guid(), .renewal = Steady::now()};
    queue_.pop_front();
    const auto plan = new_guid();
    trace_.write("JobDispatcher",
                 "Job request 0 for plan " + plan + " job " + job.guid + " received.");
    trace_.write("JobDispatcher", "Start renew job request 0 for job " + job.guid + ".");
    print_stamped("Running job: " + job.work.name);
    set("FAKE_JOB_NAME", job.work.name);
    set("FAKE_JOB_SECONDS", std::to_string(job.work.seconds));
    set("FAKE_JOB_RESULT", std::to_string(job.work.result));
    set("FAKE_JOB_GUID", job.guid);
    set("FAKE_JOB_PLAN", plan);
    set("FAKE_RUN_ID", std::to_string(++run_id_));
    // The real one reads the worker's output by a pipe of its own: the console never sees it.
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    const auto worker =
        start(own_directory() / "Runner.Worker", {"spawnclient", "1", "2"}, nowhere);
    ::close(nowhere);
    job.worker = worker.value_or(0);
    job_ = job;
    if (!worker) {
        finish("Failed");
        return;
    }
    trace_.write("ProcessInvokerWrapper",
                 "Process started with process id " + std::to_string(job.worker) +
                     ", waiting for process exit.");
    trace_.write("BrokerMessageListener", "Received job status event. JobState: Busy");
    renew();
}

void Jobs::finish(std::string_view result) {
    trace_.write(
        "JobDispatcher",
        "finish job request for job " + job_->guid + " with result: " + std::string{result});
    print_stamped("Job " + job_->work.name + " completed with result: " + std::string{result});
    trace_.write("BrokerMessageListener", "Received job status event. JobState: Online");
    job_.reset();
}

int Jobs::patience() const {
    if (!job_) {
        return -1;
    }
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(job_->renewal - Steady::now());
    return static_cast<int>(std::max(left.count(), std::chrono::milliseconds::rep{0}));
}

void Jobs::renew() {
    if (!job_ || Steady::now() < job_->renewal) {
        return;
    }
    job_->renewal = Steady::now() + pace_;
    if (failing_) {
        trace_.write(
            "JobDispatcher", "Catch exception during renew runner job " + job_->guid + ".", "ERR ");
        return;
    }
    // The date is in the words of the host's culture: nobody can rely on it.
    trace_.write(
        "JobDispatcher",
        "Successfully renew job " + job_->guid + ", job is valid till " + utc("%m/%d/%Y %H:%M:%S"));
}

void Jobs::reap(bool take_next) {
    int status = 0;
    for (auto pid = ::waitpid(-1, &status, WNOHANG); pid > 0;
         pid = ::waitpid(-1, &status, WNOHANG)) {
        if (!job_ || pid != job_->worker) {
            continue;
        }
        const auto code = exit_code(status).value_or(137);
        const bool told = code >= 100 && code <= 105;  // anything else: the worker crashed
        trace_.write("JobDispatcher",
                     "Worker finished for job " + job_->guid + ". Code: " + std::to_string(code));
        if (!told) {
            trace_.write("JobDispatcher",
                         "Return code " + std::to_string(code) +
                             " indicate worker encounter an unhandled exception or app crash, "
                             "attach worker stdout/stderr to JobRequest result.");
        }
        finish(result_word(told ? code - 100 : 2));
        if (take_next) {
            next();
        }
    }
}

void Jobs::cancel() {
    if (job_) {
        kill(SIGINT);
        finish("Canceled");
    }
}

void Jobs::kill(int signal) {
    if (job_) {
        ::kill(job_->worker, signal);
        int status = 0;
        ::waitpid(job_->worker, &status, 0);
    }
}

}  // namespace paws::fake
